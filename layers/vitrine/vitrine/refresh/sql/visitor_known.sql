-- Everybody whom the store knows: who is in its extracts, who did anything before an instant, or both; with the home
-- region and what the extracts say as JSON, '' and '{}' where they say nothing.
with seen as (
    select distinct visitor from events where at_ms < $as_of_ms
)
select
    coalesce(visitors.visitor, seen.visitor) as visitor,
    coalesce(visitors.region, '') as region,
    coalesce(visitors.crm, '{}') as crm
from visitors
full join seen on seen.visitor = visitors.visitor
order by 1
