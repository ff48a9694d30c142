-- The newest event of each kind that the lists look at.
select kind, max(at_ms) as newest_ms
from events
where at_ms < $as_of_ms and kind in ('purchase', 'view')
group by kind
order by kind
