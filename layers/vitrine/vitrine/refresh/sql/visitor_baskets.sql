-- Baskets of all visitors: when, what was paid in minor units, how many lines and how many of them below the regular
-- price, and the time since the visitor's basket before. A row tells nothing that came after its own last line, so the
-- baskets up to an instant are what was known at that instant. The day is Coordinated Universal Time; day 0 of the
-- epoch was a Thursday.
with baskets as (
    select
        visitor,
        session,
        min(at_ms) as at_ms,
        max(at_ms) as last_ms,
        sum(paid) as spend,
        count(*) as n_lines,
        sum(is_discounted) as n_discounted
    from visitor_lines
    group by visitor, session
)
select
    visitor,
    session,
    at_ms,
    last_ms,
    spend,
    n_lines,
    n_discounted,
    case when cast(floor(at_ms / 86400000.0) as bigint) % 7 in (2, 3) then 1 else 0 end as is_weekend,
    at_ms - lag(at_ms) over (partition by visitor order by at_ms, session) as gap_ms
from baskets
