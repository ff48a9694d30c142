-- Units of each item sold in each region that has it, decayed. A region's own sales count in full, those of the other
-- regions a little, so that thin shelves follow the whole shop.
with own as (
    select
        i,
        region,
        sum(cast(floor(
            least(quantity, $max_units) * exp(ln(0.5) * ($anchor_ms - at_ms) / $half_life_ms) * 1e9
        ) as bigint)) / 1e9 as units
    from sales
    where at_ms < $anchor_ms
    group by i, region
)
select item_state.n, stock.r, coalesce(own.units, 0.0) * (1.0 - $elsewhere) + item_state.units * $elsewhere as units
from item_state
join stock on stock.i = item_state.i
join region_index on region_index.r = stock.r
left join own on own.i = item_state.i and own.region = region_index.region
