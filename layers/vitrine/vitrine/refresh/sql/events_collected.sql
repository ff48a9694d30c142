-- Collected events with the reason why one is left out; null for those that count. An id is one visitor's word for one
-- kind of event: nobody's event can be pushed out by another visitor who sends the same id. The stream may deliver a
-- record twice, a killed compaction leaves rows in two files, and what a shop imports it may have collected as well.
with collected as (
    select id, visitor, kind, at_ms, item, quantity, price, session, region from events_daily
    union all
    select id, visitor, kind, at_ms, item, quantity, price, session, region from events_pending
),
imported as (
    select distinct events_import.visitor, events_import.kind, events_import.id
    from events_import
    join collected
        on collected.visitor = events_import.visitor
        and collected.kind = events_import.kind
        and collected.id = events_import.id
),
numbered as (
    select
        id, visitor, kind, at_ms, item, quantity, price, session, region,
        row_number() over (
            partition by visitor, kind, id
            order by
                at_ms, coalesce(item, ''), coalesce(quantity, 1), coalesce(price, 0), coalesce(session, ''),
                coalesce(region, '')
        ) as copy
    from collected
)
select
    numbered.id, numbered.visitor, numbered.kind, at_ms, item, quantity, price, session, region,
    case
        when imported.id is not null or copy > 1 then 'duplicate'
        when at_ms > $latest_ms then 'in the future'
    end as fault
from numbered
left join imported
    on imported.visitor = numbered.visitor and imported.kind = numbered.kind and imported.id = numbered.id
