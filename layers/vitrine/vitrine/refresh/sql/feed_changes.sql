-- What a feed changes for shoppers: a row per item and, for stock, per region. Prices in minor units, stock as 0 and 1.
-- An item that comes back after it was gone is not new: it is back in stock, perhaps at another price.
with prices as (
    select after.item, known.price as old_price, after.price as new_price
    from feed_catalogue as after
    join known_items as known on known.item = after.item
),
old_stock as (
    select known_stock.item, known_stock.region from known_stock
    join known_items on known_items.item = known_stock.item and known_items.is_listed
),
stock as (
    select
        coalesce(old_stock.item, feed_stock.item) as item,
        coalesce(old_stock.region, feed_stock.region) as region,
        case when old_stock.item is null then 0 else 1 end as was,
        case when feed_stock.item is null then 0 else 1 end as is_now
    from old_stock
    full join feed_stock on feed_stock.item = old_stock.item and feed_stock.region = old_stock.region
)
select item, 'price_drop' as kind, cast(null as varchar) as region, old_price as before, new_price as after,
       $now_ms as at_ms
from prices
where new_price < old_price and old_price - new_price >= old_price * $drop
union all
select item, 'price_rise', cast(null as varchar), old_price, new_price, $now_ms
from prices
where new_price > old_price and new_price - old_price >= old_price * $drop
union all
select stock.item, case when is_now = 1 then 'back_in_stock' else 'out_of_stock' end, region, was, is_now, $now_ms
from stock
join prices on prices.item = stock.item
where was <> is_now
union all
select feed_catalogue.item, 'new', cast(null as varchar), cast(null as integer), feed_catalogue.price, $now_ms
from feed_catalogue
left join known_items on known_items.item = feed_catalogue.item
where known_items.item is null
union all
select known_items.item, 'gone', cast(null as varchar), known_items.price, cast(null as integer), $now_ms
from known_items
left join feed_catalogue on feed_catalogue.item = known_items.item
where known_items.is_listed and feed_catalogue.item is null
