-- The shelves of every region and category: what sells (popular), what sells among the newcomers (new: units per week
-- on sale), and what sells and is cheaper than usual (discounted: share off x log of units).
with scored as (
    select
        r,
        scope,
        depth,
        item_state.n,
        regional_sales.units as popular,
        case when age_days <= $new_days and lines >= $new_lines then regional_sales.units / (1.0 + age_days / 7.0)
        end as newcomer,
        case when regular_price > 0 and price <= (1.0 - $min_discount) * regular_price
             then (1.0 - price / cast(regular_price as double)) * ln(1.0 + regional_sales.units)
        end as discounted
    from item_state
    join regional_sales on regional_sales.n = item_state.n
    join item_scopes on item_scopes.n = item_state.n
),
ranked as (
    select
        *,
        row_number() over (partition by r, scope order by popular desc, n) as popular_rank,
        row_number() over (partition by r, scope order by newcomer desc nulls last, n) as new_rank,
        row_number() over (partition by r, scope order by discounted desc nulls last, n) as discounted_rank,
        case depth when 0 then 3 when 1 then 2 when 2 then 2 else 1 end * $shelf_third as length
    from scored
),
kept as (
    select
        r,
        scope,
        n,
        popular_rank,
        case when popular_rank <= length then popular end as popular,
        case when new_rank <= length / 3 then newcomer end as newcomer,
        case when discounted_rank <= length / 2 then discounted end as discounted
    from ranked
)
select
    r, scope, n, cast(popular as float) as popular, cast(newcomer as float) as new,
    cast(discounted as float) as discounted
from kept
where popular is not null or newcomer is not null or discounted is not null
order by r, scope, popular_rank
