-- Collected lines with the reason why one is left out; null for those that count.
select
    events_raw.*,
    case
        when not is_json then 'not a JSON object'
        when id is null or visitor is null or at_ms is null then 'a field is missing or of the wrong type'
        when events_raw.kind is null or event_kinds.kind is null then 'unknown kind'
        when at_ms < 0 then 'before 1970'
        when id in (select id from events_import) then 'duplicate'
        when row_number() over (partition by id order by at_ms) > 1 then 'duplicate'
    end as fault
from events_raw
left join event_kinds on event_kinds.kind = events_raw.kind
