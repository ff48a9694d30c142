-- Items that could stand in for a: the best known of its type, and of its aisle where the type is small.
with ranked as (
    select
        n, leaf, aisle,
        row_number() over (partition by leaf order by units desc, n) as leaf_rank,
        row_number() over (partition by aisle order by units desc, n) as aisle_rank,
        count(*) over (partition by leaf) as peers
    from item_state
)
select x.n as a, y.n as b, cast(1.0 as double) as kinship
from ranked as x
join ranked as y on y.leaf = x.leaf and y.n <> x.n
where y.leaf_rank <= $similar_pool
union all
select x.n as a, y.n as b, cast(0.4 as double) as kinship
from ranked as x
join ranked as y on y.aisle = x.aisle and y.leaf <> x.leaf
where y.aisle_rank <= $aisle_pool and x.peers <= $aisle_pool
