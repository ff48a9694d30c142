-- What each visitor bought first in a span of time: everything within an hour of the first purchase.
with bought as (
    select visitor, at_ms, item, region
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
    coalesce(min(bought.region), '') as region
from bought
inner join firsts on firsts.visitor = bought.visitor and bought.at_ms < firsts.at_ms + 3600000
group by bought.visitor, bought.item, firsts.at_ms
order by bought.visitor, bought.item
