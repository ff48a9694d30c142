-- What is known of each item at an instant: units sold, decayed; baskets; the price of the last weeks in which it sold.
-- Items that neither sold lately nor are in stock anywhere are left out: nobody can be shown them. Decayed units are
-- added up in whole numbers (1e-9), here and elsewhere: the sum of floats depends on the order of rows.
with past as (
    select * from sales where at_ms < $anchor_ms
),
sold as (
    select
        i,
        min(at_ms) as first_ms,
        max(at_ms) as last_ms,
        count(*) as lines,
        sum(cast(floor(
            least(quantity, $max_units) * exp(ln(0.5) * ($anchor_ms - at_ms) / $half_life_ms) * 1e9
        ) as bigint)) / 1e9 as units
    from past
    group by i
),
paid as (
    select past.i, median(past.price) as price, median(past.regular_price) as regular_price
    from past
    join sold on sold.i = past.i
    where at_ms > last_ms - $price_ms and not $live
    group by past.i
),
stocked as (
    select i, cast(sum(cast(power(2, r) as bigint)) as bigint) as mask from stock group by i
)
select
    cast(row_number() over (order by item_index.i) - 1 as integer) as n,
    item_index.i,
    item_index.item,
    item_index.category,
    item_index.leaf,
    item_index.aisle,
    item_index.stem,
    item_index.brand,
    cast(round(coalesce(paid.price, item_index.price)) as integer) as price,
    cast(round(greatest(
        coalesce(paid.regular_price, item_index.regular_price), coalesce(paid.price, item_index.price)
    )) as integer) as regular_price,
    item_index.margin,
    coalesce(mask, 0) as mask,
    coalesce(lines, 0) as lines,
    coalesce(units, 0.0) as units,
    greatest($as_of_ms - least(coalesce(first_ms, first_seen_ms), first_seen_ms), 0) / 86400000.0 as age_days
from item_index
left join sold on sold.i = item_index.i
left join paid on paid.i = item_index.i
left join stocked on stocked.i = item_index.i
where (mask is not null or last_ms >= $anchor_ms - $alive_ms)
  and (first_seen_ms < $as_of_ms or first_ms is not null)
