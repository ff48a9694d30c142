-- Imported events with the reason why one is left out; null for those that count. Whoever writes a file of the import
-- writes each of its events once, so nothing looks for copies among them.
select
    id, visitor, events_import.kind, at_ms, item, quantity, price, regular_price, session, region,
    case
        when id is null or visitor is null or at_ms is null or events_import.kind is null
        then 'a field is missing or of the wrong type'
        when event_kinds.kind is null then 'unknown kind'
        when at_ms < 0 then 'before 1970'
        when at_ms > $latest_ms then 'in the future'
    end as fault
from events_import
left join event_kinds on event_kinds.kind = events_import.kind
