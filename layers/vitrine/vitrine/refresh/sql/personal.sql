-- What each visitor buys (baskets with the item, decayed; how often, how long ago and how regularly), and what of it is
-- due again. Beside their strongest items stand those most due, however long ago they bought them. Weights are added up
-- in whole numbers (1e-12), for the sum of floats depends on the order of rows, and would tell equals apart by chance.
with bought as (
    select v, i, b, max(at_ms) as at_ms
    from sales
    where at_ms < $anchor_ms
    group by v, i, b
),
summed as (
    select
        v,
        i,
        sum(cast(floor(exp(ln(0.5) * ($anchor_ms - at_ms) / $personal_half_life_ms) * 1e12) as bigint)) / 1e12 as score,
        count(*) as times,
        min(at_ms) as first_ms,
        max(at_ms) as last_ms
    from bought
    group by v, i
),
due as (
    select v, n, score, row_number() over (partition by v order by score desc, n) as place
    from replenish
    where score is not null
),
placed as (
    select
        summed.v, item_state.n, summed.score, due.score as due, due.place as due_place, times, first_ms, last_ms,
        row_number() over (partition by summed.v order by summed.score desc, last_ms desc, item_state.n) as place
    from summed
    join item_state on item_state.i = summed.i
    left join due on due.v = summed.v and due.n = item_state.n and due.place <= $due_items
)
select
    v,
    n,
    cast(score as float) as personal,
    cast(due as float) as replenish,
    cast(times as float) as n_bought,
    cast(greatest($as_of_ms - last_ms, 0) / 86400000.0 as float) as days_since,
    cast(case when times >= 2 then (last_ms - first_ms) / 86400000.0 / (times - 1) end as float) as interval_days
from placed
where place <= $personal_items or due_place <= $due_extra
order by v, place
