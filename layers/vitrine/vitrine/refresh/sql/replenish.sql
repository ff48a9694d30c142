-- When each visitor needs something again. An item's typical interval is the median over visitors of their own median
-- interval, shrunk (in logarithms) to that of its type; a visitor's interval blends their own with the item's by how
-- many they have shown. An item is refillable when enough of its buyers bought it again, shrunk to its type likewise.
-- Gaps under a day are one errand and gaps over half a year a pause: neither tells a rhythm. The score is the chance
-- that this visitor buys it in the next days: that they buy it again at all, times an exponential waiting time of their
-- interval, slowed by the root of the time run down before it is due and fading slowly after that, for who is long
-- overdue has gone elsewhere. Of five such shapes this one foretold the week after two early snapshots best.
with trips as (
    select v, i, leaf, b, min(at_ms) as at_ms from sales where at_ms < $anchor_ms group by v, i, leaf, b
),
paced as (
    select v, i, leaf, at_ms, (at_ms - lag(at_ms) over (partition by v, i order by at_ms, b)) / 86400000.0 as gap_days
    from trips
),
told as (
    select v, i, leaf, at_ms, case when gap_days >= 1.0 and gap_days <= $max_gap_days then gap_days end as gap_days
    from paced
),
habits as (
    select v, i, median(gap_days) as days from told where gap_days is not null group by v, i
),
bought as (
    select v, i, leaf, max(at_ms) as last_ms, count(gap_days) as gaps from told group by v, i, leaf
),
own as (
    select bought.v, bought.i, leaf, last_ms, gaps, days
    from bought
    left join habits on habits.v = bought.v and habits.i = bought.i
),
types as (
    select leaf, median(ln(days)) as ln_days, count(days) / cast(count(*) as double) as again from own group by leaf
),
rhythms as (
    select
        own.i,
        (count(days) * coalesce(median(ln(days)), max(ln_days)) + $rhythm_shrink * max(ln_days))
        / (count(days) + $rhythm_shrink) as ln_days,
        (count(days) + $rhythm_shrink * max(again)) / (count(*) + $rhythm_shrink) as again
    from own
    join types on types.leaf = own.leaf
    where ln_days is not null
    group by own.i
),
due as (
    select
        own.v,
        item_state.n,
        last_ms,
        gaps,
        exp((gaps * coalesce(ln(days), 0.0) + $own_shrink * ln_days) / (gaps + $own_shrink)) as every_days,
        (gaps + $own_shrink * again) / (gaps + $own_shrink) as chance
    from own
    join rhythms on rhythms.i = own.i
    join item_state on item_state.i = own.i
    where again >= $refill_share
),
timed as (
    select
        v, n, last_ms, gaps, every_days, chance, ($as_of_ms - last_ms) / 86400000.0 / every_days as run_down
    from due
)
select
    v,
    n,
    cast(last_ms + every_days * 86400000.0 as bigint) as due_ms,
    every_days,
    gaps,
    case when run_down >= $due_from and run_down <= $due_to
         then chance * (1.0 - exp(
             -$due_days / every_days * case when run_down < 1.0 then sqrt(run_down) else exp((1.0 - run_down) / 3.0) end
         ))
    end as score
from timed
