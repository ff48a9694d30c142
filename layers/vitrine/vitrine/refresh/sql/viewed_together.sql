-- Items viewed in one session. Two views count the less the more pages lie between them, as in the session kNN of Ludewig
-- and Jannach, "Evaluation of session-based recommendation algorithms" (2018); what only one visitor viewed together
-- does not count. Of the sessions with a, the share that goes to b, with b's own popularity taken out by a root.
with looked as (
    select visitor_index.v, events.session, item_state.n, min(events.at_ms) as at_ms
    from events
    join visitor_index on visitor_index.visitor = events.visitor
    join item_state on item_state.item = events.item
    where events.kind = 'view' and events.at_ms < $anchor_ms and events.at_ms >= $anchor_ms - $viewed_ms
    group by visitor_index.v, events.session, item_state.n
),
paged as (
    select
        v, session, n,
        row_number() over (partition by v, session order by at_ms, n) as page
    from looked
),
totals as (
    select cast(count(distinct v) as double) as visitors from paged
),
occurs as (
    select n, count(*) as sessions, cast(count(distinct v) as double) as visitors from paged group by n
),
pairs as (
    select
        least(x.n, y.n) as a, greatest(x.n, y.n) as b,
        sum(cast(floor(power($view_decay, y.page - x.page - 1) * 1e9 + 0.5) as bigint)) / 1e9 as both_ab,
        count(*) as sessions
    from paged as x
    join paged as y on y.v = x.v and y.session = x.session
    where y.page > x.page and y.page <= x.page + $view_reach
    group by least(x.n, y.n), greatest(x.n, y.n)
    having count(*) >= $min_views and min(x.v) <> max(x.v)
),
directed as (
    select a, b, both_ab, sessions from pairs
    union all
    select b as a, a as b, both_ab, sessions from pairs
),
scored as (
    select
        a,
        b,
        both_ab / (oa.sessions + $shrink) * power(totals.visitors / ob.visitors, $popularity_out) as score,
        directed.sessions as support
    from directed
    join occurs as oa on oa.n = a
    join occurs as ob on ob.n = b
    cross join totals
),
placed as (
    select a, b, score, support, row_number() over (partition by a order by score desc, b) as place from scored
)
select a, b, score, support from placed where place <= $view_neighbours
