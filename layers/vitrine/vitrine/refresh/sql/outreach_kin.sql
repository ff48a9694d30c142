-- Visitors of one person, by an identifier that extracts found with several: each with the least of those who share it.
-- What more visitors share than a person has devices is a till's own card or a placeholder, and nobody's.
with shared as (
    select kind, digest, min(visitor) as kin
    from identities
    group by kind, digest
    having count(distinct visitor) > 1 and count(distinct visitor) <= $most
)
select distinct identities.visitor, shared.kin
from identities
join shared on shared.kind = identities.kind and shared.digest = identities.digest
where identities.visitor <> shared.kin
