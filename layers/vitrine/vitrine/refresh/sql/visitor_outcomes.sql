-- What the visitors of visitor_features went on to do from the instant to another one, in the same order: the number of
-- their baskets, and what they paid for them in minor units.
with known as (
    select distinct visitor from visitor_baskets where last_ms < $as_of_ms and md5(visitor) < $cut
),
later as (
    select visitor, count(*) as n, sum(spend) as spend
    from visitor_baskets
    where at_ms >= $as_of_ms and at_ms < $until_ms
    group by visitor
)
select
    known.visitor,
    cast(coalesce(later.n, 0) as double) as orders,
    cast(coalesce(later.spend, 0.0) as double) as spend
from known
left join later on later.visitor = known.visitor
order by known.visitor
