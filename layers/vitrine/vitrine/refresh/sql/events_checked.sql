-- Collected lines with the reason why one is left out; null for those that count. An id is one visitor's word for one
-- kind of event: nobody's event can be pushed out by another visitor who sends the same id.
select
    events_raw.*,
    case
        when not is_json then 'not a JSON object'
        when events_raw.id is null or events_raw.visitor is null or at_ms is null
        then 'a field is missing or of the wrong type'
        when events_raw.kind is null or event_kinds.kind is null then 'unknown kind'
        when at_ms < 0 then 'before 1970'
        when imported.id is not null then 'duplicate'
        when row_number() over (partition by events_raw.visitor, events_raw.kind, events_raw.id order by at_ms) > 1
        then 'duplicate'
    end as fault
from events_raw
left join event_kinds on event_kinds.kind = events_raw.kind
left join (select distinct visitor, kind, id from events_import) as imported
    on imported.visitor = events_raw.visitor and imported.kind = events_raw.kind and imported.id = events_raw.id
