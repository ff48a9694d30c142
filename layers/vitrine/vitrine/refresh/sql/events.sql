-- Every event once. The import writes each id once, so only collected lines need the check.
select visitor, kind, at_ms, item, quantity, price, regular_price, session, region
from events_import
union all
select visitor, kind, at_ms, item, coalesce(quantity, 1) as quantity, price, null as regular_price,
       coalesce(session, id) as session, region
from events_checked
where fault is null
