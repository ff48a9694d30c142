-- Views of the last weeks, simulated from the baskets, for the data has none. Before a basket its visitor looked at most
-- of what they then bought, and at some rivals of the same type that they left, shelf by shelf, at a steady pace. What
-- looks random is read off MD5 sums of the basket and the item, so that every run and engine simulates the same.
with bought as (
    select distinct
        purchases.visitor, purchases.session, purchases.region, purchases.item, items.category, purchases.at_ms,
        md5(purchases.session || '/' || purchases.item) as luck
    from journey_purchases as purchases
    join journey_items as items on items.item = purchases.item
    where at_ms > (select max(at_ms) from journey_purchases) - $views_ms
),
known as (
    select
        item,
        category,
        row_number() over (partition by category order by count(*) desc, item) as place,
        count(*) over (partition by category) as peers
    from bought
    group by item, category
),
passed as (
    select
        visitor, session, region, category, at_ms, item as instead,
        least(
            position(substr(luck, 2, 1) in '0123456789abcdef'),
            position(substr(luck, 3, 1) in '0123456789abcdef')
        ) as draw
    from bought
    where substr(luck, 1, 1) <= $passed
),
looked as (
    select visitor, session, region, item, category, at_ms
    from bought
    where substr(md5(luck), 1, 1) <= $seen
    union
    select passed.visitor, passed.session, passed.region, known.item, passed.category, passed.at_ms
    from passed
    join known on known.category = passed.category and known.place = 1 + mod(passed.draw - 1, known.peers)
    where known.item <> passed.instead
),
placed as (
    select
        visitor, session, region, item, min(at_ms) as bought_ms,
        row_number() over (
            partition by visitor, session
            order by md5(session || '/' || category) desc, md5(item || '/' || session) desc, item desc
        ) as pages_before
    from looked
    group by visitor, session, region, item, category
)
select
    'sim-' || session || '-' || item as id,
    visitor,
    'view' as kind,
    bought_ms - pages_before * $view_ms as at_ms,
    item,
    1 as quantity,
    cast(null as integer) as price,
    cast(null as integer) as regular_price,
    session,
    region
from placed
where pages_before <= $max_views
