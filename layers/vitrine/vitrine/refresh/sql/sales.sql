-- Purchases of items that the catalogue knows. One without a region of the store counts where the visitor is at home.
select
    item_index.i, leaf, aisle, v, b, coalesce(region_index.region, homes.region) as region,
    at_ms, quantity, events.price, events.regular_price
from events
join item_index on item_index.item = events.item
join visitor_index on visitor_index.visitor = events.visitor
join basket_index on basket_index.visitor = events.visitor and basket_index.session = events.session
join homes on homes.visitor = events.visitor
left join region_index on region_index.region = events.region
where kind = 'purchase' and quantity > 0
