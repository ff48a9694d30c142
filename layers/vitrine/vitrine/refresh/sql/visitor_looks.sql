-- Sessions of all visitors in which they looked at goods or put some into the cart.
select
    visitor,
    session,
    min(at_ms) as at_ms,
    max(at_ms) as last_ms,
    sum(case when kind = 'view' then 1 else 0 end) as n_views,
    sum(case when kind = 'add_to_cart' then 1 else 0 end) as n_carts
from events
where kind in ('view', 'add_to_cart')
group by visitor, session
