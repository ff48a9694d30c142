-- Lines that count, as purchase events.
select
    'cj-' || basket_id || '-' || product_id as id,
    'h' || household_id as visitor,
    'purchase' as kind,
    at_ms,
    cast(product_id as varchar) as item,
    cast(quantity as integer) as quantity,
    price,
    regular_price,
    cast(basket_id as varchar) as session,
    store_regions.region
from journey_lines
join store_regions on store_regions.store_id = journey_lines.store_id
where reason is null
