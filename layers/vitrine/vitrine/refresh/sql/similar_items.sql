-- Similar items: the same type, or the same aisle where the type is small, a like price, brand and title, better known
-- ones first, and bought by the same visitors (each visitor counts less the more of the type they buy).
with known as (
    select n, leaf, stem, brand, price, units, max(units) over (partition by aisle) as most from item_state
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
    select x.n as a, y.n as b, sum(cast(floor(weight * 1e12) as bigint)) / 1e12 as together
    from bought as x
    join variety on variety.v = x.v and variety.leaf = x.leaf
    join bought as y on y.v = x.v and y.leaf = x.leaf and y.n <> x.n
    group by x.n, y.n
    having count(*) >= 2
),
scored as (
    select
        kin.a,
        kin.b,
        kinship
        * exp(-0.7 * abs(ln((x.price + 10.0) / (y.price + 10.0))))
        * case when x.stem = y.stem then 1.0 else 0.85 end
        * case when x.brand = y.brand then 1.0 else 0.9 end
        * (0.7 + 0.3 * sqrt((y.units + 0.01) / (y.most + 0.01)))
        + coalesce(together / sqrt((ba.visitors + 5.0) * (bb.visitors + 5.0)), 0.0) as score
    from kin
    join known as x on x.n = kin.a
    join known as y on y.n = kin.b
    left join shared on shared.a = kin.a and shared.b = kin.b
    left join buyers as ba on ba.n = kin.a
    left join buyers as bb on bb.n = kin.b
),
placed as (
    select a, b, score, row_number() over (partition by a order by score desc, b) as place from scored
)
select a, b, score from placed where place <= $similar_neighbours
