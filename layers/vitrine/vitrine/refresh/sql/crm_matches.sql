-- Which visitors a row of an extract is about: those of the surest of its identifiers that any visitor is known by
-- (the id itself, then card, e-mail address, telephone number). A person may be several visitors, one per device; what
-- they bought in a shop counts for the one seen last (`place` 1), so that no purchase counts twice.
with candidates as (
    select n, visitor, 0 as sureness, cast(0 as bigint) as seen_ms from crm_rows where visitor is not null
    union all
    select crm_ids.n, identities.visitor, crm_ids.sureness, identities.seen_ms
    from crm_ids
    join identities on identities.kind = crm_ids.kind and identities.digest = crm_ids.digest
),
surest as (
    select n, min(sureness) as sureness from candidates group by n
)
select
    candidates.n,
    candidates.visitor,
    row_number() over (partition by candidates.n order by max(candidates.seen_ms) desc, candidates.visitor) as place
from candidates
join surest on surest.n = candidates.n and surest.sureness = candidates.sureness
group by candidates.n, candidates.visitor
