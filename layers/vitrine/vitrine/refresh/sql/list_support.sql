-- What stands behind an entry of each list, as a median: visitors with both items, sessions with both, last week's buyers
-- of the shop, intervals of the visitor's own. `direct` are the entries that are no fallback; `own_share` is said where a
-- fallback is mixed into every entry.
select 'bought_together' as list, count(*) as direct, cast(median(support) as double) as support,
       cast(null as double) as own_share
from bought_together
union all
select 'viewed_together', count(*), cast(median(support) as double), cast(null as double) from viewed_together
union all
select 'accessories', count(*), cast(median(support) as double), cast(null as double) from accessories
union all
select 'bundle', count(*), cast(median(support) as double), cast(null as double) from bundles
union all
select 'trending', count(*), cast(median(support) as double), avg(own_share) from trends where trend is not null
union all
select 'replenish', count(*), cast(median(gaps) as double), avg(case when gaps > 0 then 1.0 else 0.0 end)
from replenish
where score is not null
