-- When each visitor was told to need something again, and when they bought it: the dates of `replenish` as of an instant
-- and those of the plain rule (the last purchase plus the mean of the visitor's own intervals), in days from the instant,
-- each with the distance in days to the nearest purchase in the time after it. Only pairs of which there are two
-- purchases, so that both have a date; the distance is missing where nothing was bought.
with trips as (
    select v, i, b, min(at_ms) as at_ms from sales where at_ms < $as_of_ms group by v, i, b
),
plain as (
    select v, i, max(at_ms) + (max(at_ms) - min(at_ms)) / cast(greatest(count(*) - 1, 1) as double) as due_ms
    from trips
    group by v, i
    having count(*) >= 2
),
dated as (
    select replenish.v, item_state.i, cast(replenish.due_ms as double) as due_ms, plain.due_ms as plain_ms
    from replenish
    join item_state on item_state.n = replenish.n
    join plain on plain.v = replenish.v and plain.i = item_state.i
    where replenish.due_ms >= $as_of_ms or plain.due_ms >= $as_of_ms
),
came as (
    select distinct v, i, at_ms from sales where at_ms >= $as_of_ms and at_ms < $until_ms
)
select
    dated.v,
    dated.i,
    (max(due_ms) - $as_of_ms) / 86400000.0 as due_in,
    (max(plain_ms) - $as_of_ms) / 86400000.0 as plain_in,
    min(abs(at_ms - due_ms)) / 86400000.0 as due_off,
    min(abs(at_ms - plain_ms)) / 86400000.0 as plain_off
from dated
left join came on came.v = dated.v and came.i = dated.i
group by dated.v, dated.i
order by dated.v, dated.i
