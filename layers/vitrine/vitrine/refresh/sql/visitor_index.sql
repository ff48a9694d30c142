-- Visitors with a small number each.
select cast(row_number() over (order by visitor) - 1 as integer) as v, visitor
from (select distinct visitor from events) as known
