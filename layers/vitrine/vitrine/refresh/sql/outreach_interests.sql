-- Which visitors have a changed item in the cart or among the favourites, or looked at it and have not bought it since;
-- with their home region as of their last event, null where nobody knows.
with changed as (
    select distinct item from outreach_changes
),
deeds as (
    select
        events.visitor,
        events.item,
        max(case when kind = 'view' then at_ms else 0 end) as viewed_ms,
        max(case when kind = 'add_to_cart' then at_ms else 0 end) as added_ms,
        max(case when kind = 'remove_from_cart' then at_ms else 0 end) as removed_ms,
        max(case when kind = 'favourite' and quantity > 0 then at_ms else 0 end) as liked_ms,
        max(case when kind = 'favourite' and quantity = 0 then at_ms else 0 end) as unliked_ms,
        max(case when kind = 'purchase' then at_ms else 0 end) as bought_ms
    from events
    join changed on changed.item = events.item
    where at_ms >= $from_ms
    group by events.visitor, events.item
),
homes as (
    select visitor, region, row_number() over (partition by visitor order by at_ms desc, region) as place
    from events
    where region is not null
)
select deeds.visitor, deeds.item, homes.region
from deeds
left join homes on homes.visitor = deeds.visitor and homes.place = 1
where viewed_ms > bought_ms
    or (added_ms > bought_ms and added_ms > removed_ms)
    or liked_ms > unliked_ms
