-- Every pair in both directions with what chance explains of it. `na` and `nb` are visitors with the item; `chance` is
-- what both items' own masses would give if baskets were filled at random.
with totals as (
    select cast(count(distinct b) as double) as baskets, cast(count(distinct v) as double) as visitors from baskets
),
occurs as (
    select
        n,
        round(sum(cast(floor(weight * weight * 1e12 + 0.5) as bigint)) / 1e12, 9) as visitors,
        sum(cast(floor(weight * 1e9 + 0.5) as bigint)) / 1e9 as mass
    from baskets
    group by n
),
directed as (
    select a, b, both_ab from basket_pairs
    union all
    select b as a, a as b, both_ab from basket_pairs
)
select
    a,
    b,
    both_ab,
    oa.visitors as na,
    ob.visitors as nb,
    oa.mass * ob.mass / totals.baskets as chance,
    totals.visitors,
    case when own.leaf = other.leaf then 0 when own.aisle = other.aisle then 1 else 2 end as distance
from directed
join occurs as oa on oa.n = a
join occurs as ob on ob.n = b
join item_state as own on own.n = a
join item_state as other on other.n = b
cross join totals
