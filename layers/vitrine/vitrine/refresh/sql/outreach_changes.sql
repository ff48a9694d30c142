-- What shoppers may like to hear of: goods that are cheaper now, or in stock again, if that is the last word on them. Of
-- several drops in a row the price before the first counts. `region` is where something is in stock, null for prices.
with told as (
    select
        item, kind, region, before, at_ms,
        max(case when kind in ('price_rise', 'gone') then at_ms end) over (partition by item) as dearer_ms,
        max(case when kind = 'gone' then at_ms end) over (partition by item) as gone_ms,
        max(case when kind = 'out_of_stock' then at_ms end) over (partition by item, region) as out_ms
    from feed_changes
    where at_ms >= $since_ms
)
select 'price_drop' as kind, item, cast(null as varchar) as region, max(at_ms) as at_ms,
       cast(max(before) as bigint) as value
from told
where kind = 'price_drop' and at_ms > coalesce(dearer_ms, 0)
group by item
union all
select 'back_in_stock', item, region, max(at_ms), cast(0 as bigint)
from told
where kind = 'back_in_stock' and at_ms > coalesce(out_ms, 0) and at_ms > coalesce(gone_ms, 0)
group by item, region
