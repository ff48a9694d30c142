-- Every item that a feed names, once, with what is odd about it; null where nothing is. Of rows with one id the first
-- stands for all if they say the same; if not, nobody knows which is right.
-- A price is compared with the catalogue's; one that comes back after a while only for a mistake of units.
with named as (
    select item, min(n) as n, min(digest) as one_digest, max(digest) as other_digest from feed_rows group by item
)
select
    feed_rows.item,
    feed_rows.n,
    feed_rows.line,
    coalesce(known.is_listed, false) as is_listed,
    feed_rows.price,
    known.price as old_price,
    case
        when one_digest <> other_digest then 'duplicate'
        when feed_rows.price = 0 then 'zero price'
        when known.price is null or known.price = 0 then null
        when feed_rows.price >= known.price * $factor or feed_rows.price * $factor <= known.price then 'misprint'
        when known.is_listed and abs(feed_rows.price - known.price) > known.price * $jump then 'jump'
    end as verdict
from named
join feed_rows on feed_rows.n = named.n
left join known_items as known on known.item = named.item
