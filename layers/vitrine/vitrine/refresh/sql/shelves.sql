-- The shelves of every region, category and persona: what sells (popular), what surely sells more than it did
-- (trending), what sells among the newcomers (new: units per week on sale, less past its season), and what sells and is
-- cheaper than usual (discounted: share off x log of units). But on the popular shelf, goods that are alike stand behind
-- the first of them: the k-th counts 1/k. Alike is one type among the trending and the new, where a type's season brings
-- dozens at once, and one title, that only a number tells apart, among the discounted.
with stands as (
    select
        regional_sales.r, scope, n, leaf, stem, lift, regional_sales.units * lift as units, trend,
        coalesce(momentum, 0.0) as momentum, age_days, lines, price, regular_price,
        case depth when 0 then 3 when 1 then 2 when 2 then 2 else 1 end * $shelf_third as length
    from item_state
    join regional_sales using (n)
    join shelf_scopes using (n)
    left join trends using (n, r)
),
scored as (
    select r, scope, n, leaf as alike, length / 3 as length, 1 as kind, trend * lift as score
    from stands
    where trend is not null
    union all
    select r, scope, n, leaf, length / 3, 2, units / (1.0 + age_days / 7.0) * momentum * momentum
    from stands
    where age_days <= $new_days and lines >= $new_lines
    union all
    select r, scope, n, stem, length / 2, 3, (1.0 - price / cast(regular_price as double)) * ln(1.0 + units)
    from stands
    where regular_price > 0 and price <= (1.0 - $min_discount) * regular_price
),
varied as (
    select
        r, scope, n, length, kind,
        score / row_number() over (partition by kind, r, scope, alike order by score desc, n) as score
    from scored
),
ranked as (
    select r, scope, n, length, 0 as kind, units as score,
           row_number() over (partition by r, scope order by units desc, n) as place
    from stands
    union all
    select r, scope, n, length, kind, score,
           row_number() over (partition by kind, r, scope order by score desc, n) as place
    from varied
)
select
    r,
    scope,
    n,
    cast(max(case when kind = 0 then score end) as float) as popular,
    cast(max(case when kind = 1 then score end) as float) as trending,
    cast(max(case when kind = 2 then score end) as float) as new,
    cast(max(case when kind = 3 then score end) as float) as discounted
from ranked
where place <= length
group by r, scope, n
order by r, scope, coalesce(max(case when kind = 0 then score end), 0.0) desc, n
