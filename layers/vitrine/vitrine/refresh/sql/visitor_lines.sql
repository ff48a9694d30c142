-- Lines of all baskets with what was paid in minor units, and whether that was below the regular price. What an event
-- does not tell of its price is the catalogue's.
select
    events.visitor,
    events.session,
    events.at_ms,
    events.item,
    items.category,
    items.brand,
    cast(coalesce(events.quantity, 1) as double) * coalesce(events.price, items.price, 0) as paid,
    case when coalesce(events.price, items.price) < coalesce(events.regular_price, items.regular_price)
         then 1 else 0 end as is_discounted
from events
left join items on items.item = events.item
where events.kind = 'purchase'
