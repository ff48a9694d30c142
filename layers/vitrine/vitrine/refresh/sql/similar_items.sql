-- Similar items: the same type, or the same aisle where the type is small, a like price, brand and title, better known ones first, and
-- bought by the same visitors (each visitor counts less the more of the type they buy).
with ranked as (
    select
        n, leaf, aisle, stem, brand, price, units,
        row_number() over (partition by leaf order by units desc, n) as leaf_rank,
        row_number() over (partition by aisle order by units desc, n) as aisle_rank,
        max(units) over (partition by aisle) as most,
        count(*) over (partition by leaf) as peers
    from item_state
),
candidates as (
    select x.n as a, y.n as b, 1.0 as kinship
    from ranked as x join ranked as y on y.leaf = x.leaf and y.n <> x.n
    where y.leaf_rank <= $similar_pool
    union all
    select x.n as a, y.n as b, 0.4 as kinship
    from ranked as x join ranked as y on y.aisle = x.aisle and y.leaf <> x.leaf
    where y.aisle_rank <= $aisle_pool and x.peers <= $aisle_pool
),
bought as (
    select distinct v, item_state.leaf, n
    from sales
    join item_state on item_state.i = sales.i
    where at_ms < $anchor_ms and at_ms >= $anchor_ms - $together_ms
),
variety as (
    select v, leaf, 1.0 / count(*) as weight from bought group by v, leaf having count(*) between 2 and $max_variety
),
buyers as (
    select n, count(*) as visitors from bought group by n
),
shared as (
    select x.n as a, y.n as b, sum(weight) as together
    from bought as x
    join variety on variety.v = x.v and variety.leaf = x.leaf
    join bought as y on y.v = x.v and y.leaf = x.leaf and y.n <> x.n
    group by x.n, y.n
    having count(*) >= 2
),
scored as (
    select
        candidates.a,
        candidates.b,
        kinship
        * exp(-0.7 * abs(ln((x.price + 10.0) / (y.price + 10.0))))
        * case when x.stem = y.stem then 1.0 else 0.85 end
        * case when x.brand = y.brand then 1.0 else 0.9 end
        * (0.7 + 0.3 * sqrt((y.units + 0.01) / (y.most + 0.01)))
        + coalesce(together / sqrt((ba.visitors + 5.0) * (bb.visitors + 5.0)), 0.0) as score
    from candidates
    join ranked as x on x.n = candidates.a
    join ranked as y on y.n = candidates.b
    left join shared on shared.a = candidates.a and shared.b = candidates.b
    left join buyers as ba on ba.n = candidates.a
    left join buyers as bb on bb.n = candidates.b
),
placed as (
    select a, b, score, row_number() over (partition by a order by score desc, b) as place from scored
)
select a, b, score from placed where place <= $similar_neighbours
