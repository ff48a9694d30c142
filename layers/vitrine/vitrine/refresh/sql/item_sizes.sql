-- The package size that a title ends with ("12 x 12 oz", "4 oz #2", "1 gal, own brand"), null where it names none.
with ends as (
    select
        item_state.n,
        regexp_extract(title, ' ([0-9]+) x [0-9.]+ [a-z]+(,.*)?( #[0-9]+)?$', 1) as pieces,
        regexp_extract(title, ' ([0-9]+([.][0-9]+)?) [a-z]+(,.*)?( #[0-9]+)?$', 1) as amount,
        regexp_extract(title, ' [0-9]+([.][0-9]+)? ([a-z]+)(,.*)?( #[0-9]+)?$', 2) as unit
    from item_state
    join items on items.item = item_state.item
)
select
    n,
    cast(case when amount <> '' then amount end as double)
    * cast(case when pieces = '' then '1' else pieces end as double) as amount,
    case when unit <> '' then unit end as unit
from ends
