-- What the store's own systems know of how a household shops, from the lines that count: the shares of lines bought
-- with a discount or coupon and of own brands, the median basket in minor units, baskets per month since the first one.
with lines as (
    select
        household_id,
        basket_id,
        at_ms,
        quantity * price as paid,
        is_discounted,
        products.brand = 'Private' as is_private
    from journey_lines
    join journey_products as products on products.product_id = journey_lines.product_id
    where reason is null
),
baskets as (
    select household_id, basket_id, min(at_ms) as at_ms, sum(paid) as paid from lines group by household_id, basket_id
),
newest as (
    select max(at_ms) as ms from baskets
),
visits as (
    select
        household_id,
        median(paid) as basket_value,
        count(*) / (greatest(newest.ms - min(at_ms), $month_ms) * 1.0 / $month_ms) as visits_per_month
    from baskets, newest
    group by household_id, newest.ms
),
shares as (
    select
        household_id,
        avg(case when is_discounted then 1.0 else 0.0 end) as discount_share,
        avg(case when is_private then 1.0 else 0.0 end) as private_share
    from lines
    group by household_id
)
select
    visits.household_id,
    round(shares.discount_share, 2) as discount_share,
    cast(round(visits.basket_value) as integer) as basket_value,
    round(visits.visits_per_month, 1) as visits_per_month,
    round(shares.private_share, 2) as private_share
from visits
join shares on shares.household_id = visits.household_id
