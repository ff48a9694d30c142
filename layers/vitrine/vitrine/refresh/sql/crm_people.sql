-- What an extract says of each visitor, from the last of their rows, beside what was known of them before.
with told as (
    select
        crm_matches.visitor,
        crm_rows.region,
        crm_rows.attributes,
        row_number() over (partition by crm_matches.visitor order by crm_rows.n desc) as place
    from crm_matches
    join crm_rows on crm_rows.n = crm_matches.n
)
select
    told.visitor,
    coalesce(told.region, visitors_before.region, $region) as region,
    coalesce(visitors_before.crm, '{}') as crm,
    told.attributes
from told
left join visitors_before on visitors_before.visitor = told.visitor
where told.place = 1
