-- When visitors need their refillable goods again: what messages and forecasts read. Instants in the past are overdue.
select visitor_index.visitor, item_state.item, replenish.due_ms, replenish.every_days, coalesce(score, 0.0) as score
from replenish
join visitor_index on visitor_index.v = replenish.v
join item_state on item_state.n = replenish.n
