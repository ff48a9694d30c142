-- Items that feeds have dropped, as they were last, so that one that comes back is recognised; for a while.
select
    known_items.item,
    title,
    category,
    brand,
    price,
    regular_price,
    margin,
    url,
    image,
    regions,
    first_seen_ms,
    gone_ms
from (
    select known_items.*, case when is_listed then $now_ms else dropped_ms end as gone_ms from known_items
) as known_items
left join (select item as kept from feed_catalogue) as feed_catalogue on feed_catalogue.kept = known_items.item
where kept is null and gone_ms >= $since_ms
