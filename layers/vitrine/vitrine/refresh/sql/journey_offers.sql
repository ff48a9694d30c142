-- Coupons of campaigns with the items they are good for; the ends are exclusive.
select
    'c' || coupons.campaign_id as campaign,
    campaigns.campaign_type as type,
    date_diff('millisecond', timestamp '1970-01-01', campaigns.start_date) + $shift_ms as start_ms,
    date_diff('millisecond', timestamp '1970-01-01', campaigns.end_date) + 86400000 + $shift_ms as end_ms,
    cast(coupons.coupon_upc as varchar) as coupon,
    list_sort(list(distinct items.item)) as items
from journey_coupons as coupons
join journey_campaigns as campaigns on campaigns.campaign_id = coupons.campaign_id
join journey_items as items on items.item = cast(coupons.product_id as varchar)
group by all
