-- Views of items, one row each, visit by visit in the order of time: `visit` numbers the visits from 1 by their first
-- view. Only views count, because what a page sends of a visit are the items looked at. Views of one millisecond are in
-- the order of their items, so that the result is the same on every engine. Items that the catalogue lacks are left
-- out: nothing can be shown of them, and whoever made them up should not fill rows with them.
with views as (
    select events.visitor, events.session, events.item, events.at_ms
    from events
    join items on items.item = events.item
    where events.kind = 'view'
),
visits as (
    select visitor, session, min(at_ms) as first_ms
    from views
    group by visitor, session
),
numbered as (
    select visitor, session, cast(row_number() over (order by first_ms, visitor, session) as bigint) as visit
    from visits
)
select numbered.visit, views.item
from views
join numbered on numbered.visitor = views.visitor and numbered.session = views.session
order by numbered.visit, views.at_ms, views.item
