-- Items that sold, with the price of the four weeks up to their last sale and the regions that sold them lately. Goods
-- that would share a title are numbered by sales, since the data hides their names. What was
-- only ever given away has no price and is left out.
with ends as (
    select item, min(at_ms) as first_ms, max(at_ms) as last_ms, count(*) as lines from journey_purchases group by item
),
newest as (
    select max(last_ms) as ms from ends
),
paid as (
    select ends.item, median(price) as price, median(regular_price) as regular_price
    from journey_purchases as bought
    join ends on ends.item = bought.item
    where at_ms > last_ms - $price_ms
    group by ends.item
),
stocked as (
    select item, list_sort(list(distinct region)) as regions
    from journey_purchases, newest
    where at_ms >= newest.ms - $stock_ms
    group by item
),
named as (
    select
        ends.item,
        names.title,
        names.category,
        products.brand,
        ends.first_ms,
        row_number() over (partition by names.title, names.category order by ends.lines desc, products.product_id)
            as namesake
    from ends
    join journey_products as products on cast(products.product_id as varchar) = ends.item
    join journey_names as names
        on names.department = products.department
        and names.product_category is not distinct from products.product_category
        and names.product_type is not distinct from products.product_type
        and names.package_size is not distinct from products.package_size
        and names.brand = products.brand
)
select
    named.item,
    case when namesake = 1 then title else title || ' #' || namesake end as title,
    category,
    named.brand,
    cast(round(paid.price) as integer) as price,
    cast(round(greatest(paid.price, paid.regular_price)) as integer) as regular_price,
    margins.margin,
    $url || named.item as url,
    $media || category || $suffix as image,
    coalesce(stocked.regions, cast([] as varchar[])) as regions,
    named.first_ms as first_seen_ms
from named
join paid on paid.item = named.item
join margins on margins.brand = named.brand
left join stocked on stocked.item = named.item
where round(paid.price) > 0
