-- The last purchases of each visitor, for their profile; one row per visitor without any.
with ranked as (
    select
        visitor, id, at_ms, item, quantity, price, session,
        row_number() over (partition by visitor order by at_ms desc, id desc) as place
    from events_import
    where kind = 'purchase'
)
select
    visitors.visitor,
    visitors.region,
    visitors.crm,
    coalesce(ranked.id, '') as id,
    coalesce(ranked.at_ms, 0) as at_ms,
    coalesce(ranked.item, '') as item,
    coalesce(ranked.quantity, 0) as quantity,
    coalesce(ranked.price, 0) as price,
    coalesce(ranked.session, '') as session
from visitors
left join ranked on ranked.visitor = visitors.visitor and ranked.place <= $purchases
order by visitors.visitor, ranked.place
