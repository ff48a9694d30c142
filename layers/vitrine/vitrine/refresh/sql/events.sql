-- Every event that counts, once; those of bots are left out.
with known as (
    select visitor, id, kind, at_ms, item, quantity, price, regular_price, session, region
    from events_imported
    where fault is null
    union all
    select visitor, id, kind, at_ms, item, quantity, price, cast(null as integer) as regular_price, session, region
    from events_collected
    where fault is null
)
select
    known.visitor, kind, at_ms, item, coalesce(quantity, 1) as quantity, price, regular_price,
    coalesce(session, id) as session, region
from known
left join events_bots on events_bots.visitor = known.visitor
where events_bots.visitor is null
