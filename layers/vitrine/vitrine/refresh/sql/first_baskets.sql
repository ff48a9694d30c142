-- What each visitor bought first in a span of time: everything within an hour of the first purchase, with the aisle it
-- stands in. The region is the one whose shelf they would be shown, not the one they then bought in.
with bought as (
    select visitor, at_ms, item
    from events
    where kind = 'purchase' and item is not null and at_ms >= $from_ms and at_ms < $to_ms
),
firsts as (
    select visitor, min(at_ms) as at_ms
    from bought
    group by visitor
)
select
    bought.visitor,
    bought.item,
    firsts.at_ms,
    homes.region,
    coalesce(min(split_part(items.category, '/', 1) || '/' || split_part(items.category, '/', 2)), '') as aisle
from bought
join firsts on firsts.visitor = bought.visitor and bought.at_ms < firsts.at_ms + 3600000
join homes on homes.visitor = bought.visitor
left join items on items.item = bought.item
group by bought.visitor, bought.item, firsts.at_ms, homes.region
order by bought.visitor, bought.item
