-- Every line of the tills with the reason why it is left out, null for those that count. Prices are per unit: what the
-- customer paid, and what they would have paid without loyalty discount and coupon match. A coupon makes a discount, too.
select
    lines.household_id,
    lines.store_id,
    lines.basket_id,
    lines.product_id,
    lines.quantity,
    date_diff('millisecond', timestamp '1970-01-01', lines.transaction_timestamp) + $shift_ms as at_ms,
    case when quantity > 0 then cast(round(100 * sales_value / quantity) as integer) end as price,
    case when quantity > 0
         then cast(round(100 * (sales_value + retail_disc + coupon_match_disc) / quantity) as integer)
    end as regular_price,
    retail_disc > 0 or coupon_disc > 0 or coupon_match_disc > 0 as is_discounted,
    case
        when products.product_id is null then 'missing product'
        when names.reason is not null then names.reason
        when quantity = 0 then 'zero quantity'
        when quantity < 0 then 'negative quantity'
        when sales_value < 0 or retail_disc < 0 or coupon_disc < 0 or coupon_match_disc < 0 then 'negative price'
        when sales_value = 0 and retail_disc + coupon_disc + coupon_match_disc = 0
            then 'nothing paid and no discount that explains it'
    end as reason
from journey_transactions as lines
left join journey_products as products on products.product_id = lines.product_id
left join journey_names as names
    on names.department = products.department
    and names.product_category is not distinct from products.product_category
    and names.product_type is not distinct from products.product_type
    and names.package_size is not distinct from products.package_size
    and names.brand = products.brand
