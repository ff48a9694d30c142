-- Baskets, each a visitor's purchases of one session, with a small number each.
select cast(row_number() over (order by first_ms, visitor, session) - 1 as integer) as b, visitor, session
from (
    select visitor, session, min(at_ms) as first_ms from events where kind = 'purchase' group by visitor, session
) as known
