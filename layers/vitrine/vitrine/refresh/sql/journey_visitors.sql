-- Households with what the store knows of them and the region in which they fill most baskets.
with visits as (
    select visitor, region, count(distinct session) as baskets from journey_purchases group by visitor, region
),
homes as (
    select
        visitor,
        visits.region,
        row_number() over (partition by visitor order by baskets desc, region_index.r) as place
    from visits
    join region_index on region_index.region = visits.region
)
select homes.visitor, homes.region, coalesce(crm.crm, '{}') as crm
from homes
left join crm on crm.visitor = homes.visitor
where place = 1
