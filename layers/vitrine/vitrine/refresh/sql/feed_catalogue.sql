-- The catalogue as a feed makes it. An item whose price is odd keeps the old price and margin and takes all else from
-- the feed, stock above all; one whose rows contradict each other or cannot be read stays as it was. What is odd and
-- was not in the catalogue before stays out of it. With $accepts an operator has looked at the prices.
with taken as (
    select
        feed_verdicts.n,
        feed_verdicts.verdict is null or ($accepts and feed_verdicts.verdict in ('jump', 'misprint')) as is_priced
    from feed_verdicts
    where feed_verdicts.verdict is null
       or ($accepts and feed_verdicts.verdict in ('jump', 'misprint'))
       or (is_listed and old_price > 0 and feed_verdicts.verdict in ('jump', 'misprint', 'zero price'))
),
as_before as (
    select item from feed_verdicts where verdict = 'duplicate'
    union
    select feed_faulted.item
    from feed_faulted
    left join feed_verdicts on feed_verdicts.item = feed_faulted.item
    where feed_verdicts.item is null
)
select
    feed_rows.item,
    feed_rows.title,
    feed_rows.category,
    feed_rows.brand,
    case when is_priced then feed_rows.price else known.price end as price,
    case when is_priced then feed_rows.regular_price else known.regular_price end as regular_price,
    case when is_priced then feed_rows.margin else known.margin end as margin,
    feed_rows.url,
    feed_rows.image,
    feed_rows.regions,
    coalesce(known.first_seen_ms, $now_ms) as first_seen_ms
from taken
join feed_rows on feed_rows.n = taken.n
left join known_items as known on known.item = feed_rows.item
union all
select
    known.item,
    known.title,
    known.category,
    known.brand,
    known.price,
    known.regular_price,
    known.margin,
    known.url,
    known.image,
    known.regions,
    known.first_seen_ms
from known_items as known
join as_before on as_before.item = known.item
where known.is_listed and known.price > 0
