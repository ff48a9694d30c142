-- What to note of visitors: their goods that are cheaper or back in stock where they live, and what they will need soon.
-- One row per visitor, kind and item. A need is noted as of the day (UTC), so that a night's lists replace the last.
select
    outreach_interests.visitor,
    outreach_changes.kind,
    outreach_changes.item as subject,
    max(outreach_changes.at_ms) as at_ms,
    max(outreach_changes.value) as value
from outreach_interests
join outreach_changes on outreach_changes.item = outreach_interests.item
where outreach_changes.region is null
    or outreach_interests.region is null
    or outreach_changes.region = outreach_interests.region
group by outreach_interests.visitor, outreach_changes.kind, outreach_changes.item
union all
select visitor, 'replenishment', item, cast($day_ms as bigint), cast(due_ms as bigint)
from due
where due_ms > $since_ms and due_ms <= $until_ms
