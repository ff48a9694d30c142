-- Which regions have an item: now, what the catalogue says; at a past instant, those that sold it in the weeks before.
select i, r
from (select i, region from item_index cross join unnest(regions) as listed(region) where $live) as stocked
join region_index on region_index.region = stocked.region
union
select i, r
from sales
join region_index on region_index.region = sales.region
where not $live and at_ms >= $anchor_ms - $stock_ms and at_ms < $anchor_ms
