-- Items with a small number each, so that the joins below work on integers. `stem` is the title without its number.
select
    cast(row_number() over (order by item) - 1 as integer) as i,
    item,
    category,
    cast(dense_rank() over (order by category) as integer) as leaf,
    cast(dense_rank() over (order by regexp_replace(category, '/[^/]*$', '')) as integer) as aisle,
    cast(dense_rank() over (order by regexp_replace(title, ' #[0-9]+$', ''), category) as integer) as stem,
    brand,
    price,
    regular_price,
    margin,
    regions,
    first_seen_ms
from items
