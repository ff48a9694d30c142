-- What was known of each visitor with a purchase before an instant: recency, frequency and money, the rhythm of their
-- baskets, what they have done lately against before, how broadly and how cheaply they buy, what they looked at. Times
-- are in days, money in minor units; the rhythm is missing with a single basket. `gap_square` is the mean of the
-- squared gaps, from which the deviation follows. Visitors whose digest lies beyond the cut are left out: a sample that
-- is the same on every engine.
with baskets as (
    select * from visitor_baskets where last_ms < $as_of_ms and md5(visitor) < $cut
),
counted as (
    select
        visitor,
        count(*) as n,
        max(at_ms) as last_at_ms,
        min(at_ms) as first_at_ms,
        sum(spend) as spend,
        median(spend) as basket_median,
        avg(gap_ms / 86400000.0) as gap_mean,
        avg(gap_ms / 86400000.0 * (gap_ms / 86400000.0)) as gap_square,
        sum(n_discounted) * 1.0 / sum(n_lines) as discount_share,
        avg(cast(is_weekend as double)) as weekend_share,
        sum(case when at_ms >= $as_of_ms - 604800000 then 1 else 0 end) as n_week_1,
        sum(case when at_ms >= $as_of_ms - 1209600000 and at_ms < $as_of_ms - 604800000 then 1 else 0 end) as n_week_2,
        sum(case when at_ms >= $as_of_ms - 2419200000 then 1 else 0 end) as n_month,
        sum(case when at_ms >= $as_of_ms - 2419200000 then spend else 0.0 end) as spend_month,
        sum(case when at_ms >= $as_of_ms - 9676800000 and at_ms < $as_of_ms - 2419200000 then 1 else 0 end) as n_before,
        sum(case when at_ms >= $as_of_ms - 9676800000 and at_ms < $as_of_ms - 2419200000 then spend else 0.0 end)
            as spend_before
    from baskets
    group by visitor
),
breadth as (
    select visitor, count(*) as categories from visitor_breadth where first_ms < $as_of_ms group by visitor
),
looks as (
    select
        visitor,
        max(at_ms) as last_at_ms,
        sum(case when at_ms >= $as_of_ms - 2419200000 then n_views else 0 end) as views_month,
        sum(case when at_ms >= $as_of_ms - 2419200000 then n_carts else 0 end) as carts_month
    from visitor_looks
    where last_ms < $as_of_ms
    group by visitor
)
select
    counted.visitor,
    ($as_of_ms - counted.last_at_ms) / 86400000.0 as recency,
    ($as_of_ms - counted.first_at_ms) / 86400000.0 as tenure,
    cast(counted.n as double) as baskets,
    cast(counted.spend as double) as spend,
    cast(counted.basket_median as double) as basket_median,
    cast(counted.gap_mean as double) as gap_mean,
    cast(counted.gap_square as double) as gap_square,
    cast(counted.discount_share as double) as discount_share,
    counted.weekend_share,
    cast(counted.n_week_1 as double) as week_1,
    cast(counted.n_week_2 as double) as week_2,
    cast(counted.n_month as double) as month,
    cast(counted.n_before as double) as before,
    cast(counted.spend_month as double) as spend_month,
    cast(counted.spend_before as double) as spend_before,
    cast(coalesce(breadth.categories, 0) as double) as categories,
    ($as_of_ms - looks.last_at_ms) / 86400000.0 as look_recency,
    cast(coalesce(looks.views_month, 0) as double) as views_month,
    cast(coalesce(looks.carts_month, 0) as double) as carts_month
from counted
left join breadth on breadth.visitor = counted.visitor
left join looks on looks.visitor = counted.visitor
order by counted.visitor
