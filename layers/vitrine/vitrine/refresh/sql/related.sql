-- One row per item and neighbour, the item itself first: what the tables of related items are cut from.
with counted as (
    select a, count(*) as found from bought_together where apart = 1 group by a
),
fallback as (
    select
        item_state.n as a,
        leaves_together.b,
        leaves_together.score * $fallback_weight as score,
        row_number() over (partition by item_state.n order by leaves_together.score desc, leaves_together.b)
        + coalesce(found, 0) as place
    from item_state
    join leaves_together on leaves_together.leaf = item_state.leaf and leaves_together.b <> item_state.n
    left join counted on counted.a = item_state.n
    where coalesce(found, 0) < $enough
),
listed as (
    select n as a, n as b, null as bought_together, null as alike, 0 as kind from item_state
    union all
    select a, b, score, null, 1 from bought_together
    union all
    select a, b, score, null, 1 from fallback where place <= $enough
    union all
    select a, b, null, score, 1 from similar_items
)
select
    a,
    b,
    cast(max(bought_together) as float) as bought_together,
    cast(max(alike) as float) as "similar"
from listed
group by a, b
order by a, min(kind), greatest(coalesce(max(bought_together), 0.0), coalesce(max(alike), 0.0)) desc, b
