-- What visitors came back for: a and b of different aisles where a visitor first bought a, and b for the first time
-- in a later basket within the window. Only first purchases count, so a visitor has one vote per pair and direction,
-- and a habit has none. `fa` and `fb` are visitors who bought a or b for the first time in the time of all pairs.
-- Purchases meet in spans as long as the window, each with its own and the next: not every one with every other.
with firsts as (
    select v, i, min(b) as b, min(at_ms) as at_ms from sales where at_ms < $anchor_ms group by v, i
),
lately as (
    select
        firsts.v, firsts.b, firsts.at_ms, item_state.n, item_state.aisle,
        cast(floor(($anchor_ms - at_ms) / $later_ms) as integer) as span
    from firsts
    join item_state on item_state.i = firsts.i
    where at_ms >= $anchor_ms - $together_ms and lines >= $min_support
),
occurs as (
    select n, cast(count(*) as double) as visitors from lately group by n
),
early as (
    select v, b, at_ms, n, aisle, span from lately
    union all
    select v, b, at_ms, n, aisle, span - 1 as span from lately
),
pairs as (
    select x.n as a, y.n as b, cast(count(*) as double) as after_ab
    from early as x
    join lately as y on y.v = x.v and y.span = x.span
    where y.b > x.b and y.at_ms - x.at_ms <= $later_ms and y.aisle <> x.aisle
    group by x.n, y.n
    having count(*) >= 2
)
select pairs.a, pairs.b, after_ab, oa.visitors as fa, ob.visitors as fb
from pairs
join occurs as oa on oa.n = pairs.a
join occurs as ob on ob.n = pairs.b
