-- Types of goods bought together, for items whose own baskets are too few: the same score on whole types.
with lines as (
    select distinct b, leaf
    from sales
    where at_ms < $anchor_ms and at_ms >= $anchor_ms - $together_ms
),
sized as (
    select b from lines group by b having count(*) <= $max_basket
),
usable as (
    select lines.b, leaf from lines join sized on sized.b = lines.b
),
totals as (
    select cast(count(distinct b) as double) as baskets from usable
),
occurs as (
    select leaf, count(*) as baskets from usable group by leaf
),
pairs as (
    select x.leaf as a, y.leaf as b, count(*) as both_ab
    from usable as x
    join usable as y on y.b = x.b and y.leaf <> x.leaf
    group by x.leaf, y.leaf
    having count(*) >= $min_pairs
),
scored as (
    select
        a,
        b,
        (both_ab - oa.baskets * ob.baskets / totals.baskets)
        / (oa.baskets + $shrink) * power(totals.baskets / ob.baskets, $leaf_popularity_out) as score
    from pairs
    join occurs as oa on oa.leaf = a
    join occurs as ob on ob.leaf = b
    cross join totals
    where both_ab > oa.baskets * ob.baskets / totals.baskets
),
ranked as (
    select a, b, score, row_number() over (partition by a order by score desc, b) as place from scored
),
best as (
    select n, leaf, units, row_number() over (partition by leaf order by units desc, n) as place from item_state
)
select ranked.a as leaf, best.n as b, ranked.score * (1.0 - 0.1 * best.place) as score
from ranked
join best on best.leaf = ranked.b
where ranked.place <= $leaf_neighbours and best.place <= $leaf_items
