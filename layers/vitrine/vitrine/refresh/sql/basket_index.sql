-- Purchases' sessions, which are baskets, with a small number each.
select cast(row_number() over (order by first_ms, session) - 1 as integer) as b, session
from (select session, min(at_ms) as first_ms from events where kind = 'purchase' group by session) as known
