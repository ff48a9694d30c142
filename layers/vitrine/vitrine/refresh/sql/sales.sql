-- Purchases of items that the catalogue knows.
select item_index.i, leaf, aisle, v, b, region, at_ms, quantity, events.price, events.regular_price
from events
join item_index on item_index.item = events.item
join visitor_index on visitor_index.visitor = events.visitor
join basket_index on basket_index.session = events.session
where kind = 'purchase' and quantity > 0
