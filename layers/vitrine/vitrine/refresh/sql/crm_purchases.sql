-- Lines of orders as purchase events, and those that earlier extracts of the same name brought; of one id the new one.
-- The same item twice in an order is two lines, told apart by their order in the extract.
with lines as (
    select
        $source || '-' || order_id || '-' || item
        || case when line_place > 1 then '-' || cast(line_place as varchar) else '' end as id,
        visitor, at_ms, item, quantity, price, regular_price, order_id, region
    from (
        select
            crm_rows.order_id, crm_rows.at_ms, crm_rows.item, crm_rows.quantity, crm_rows.price,
            crm_rows.regular_price, crm_rows.n,
            crm_matches.visitor,
            crm_people.region,
            row_number() over (partition by crm_rows.order_id, crm_rows.item order by crm_rows.n) as line_place
        from crm_rows
        join crm_matches on crm_matches.n = crm_rows.n and crm_matches.place = 1
        join crm_people on crm_people.visitor = crm_matches.visitor
        where crm_rows.order_id is not null
    ) as numbered
)
select
    id, visitor, 'purchase' as kind, at_ms, item, quantity, price, regular_price,
    $source || '-' || order_id as session, region, true as is_new
from lines
union all
select
    before.id, before.visitor, before.kind, before.at_ms, before.item, before.quantity, before.price,
    before.regular_price, before.session, before.region, false as is_new
from purchases_before as before
left join lines on lines.id = before.id
where lines.id is null
