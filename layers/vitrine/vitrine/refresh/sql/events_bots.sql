-- Visitors whom nobody can be: more deeds on one day (UTC) than a person manages, or more in all than a lake's span
-- explains, as the tills' number for customers without a card. What they were shown is not their deed.
with deeds as (
    select visitor, at_ms from events_imported where fault is null and kind <> 'impression'
    union all
    select visitor, at_ms from events_collected where fault is null and kind <> 'impression'
),
days as (
    select visitor, cast(floor(at_ms / 86400000.0) as bigint) as day, count(*) as deeds
    from deeds
    group by visitor, cast(floor(at_ms / 86400000.0) as bigint)
)
select visitor, cast(max(deeds) as bigint) as most_a_day, cast(sum(deeds) as bigint) as deeds
from days
group by visitor
having max(deeds) > $bot_day or sum(deeds) > $bot_total
