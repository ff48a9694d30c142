-- Coupons that households handed in; the data knows the day, not the hour.
select
    'h' || household_id as visitor,
    'c' || campaign_id as campaign,
    cast(coupon_upc as varchar) as coupon,
    date_diff('millisecond', timestamp '1970-01-01', redemption_date) + $shift_ms as at_ms
from journey_redemptions_file
