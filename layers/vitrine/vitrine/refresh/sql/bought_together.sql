-- Items bought together. Of the visitors with a, what share takes b in the same basket beyond chance, with b's own
-- popularity taken out by a root (the square root would make it the cosine) and items of few visitors shrunk towards
-- nothing. Pairs that chance explains within two standard errors, or that only one visitor ever bought, are left out.
-- Goods of a's own type take at most half of the places while others want them: who buys one jar buys more jars, and
-- a page that shows the jar wants to know what else.
with totals as (
    select cast(count(distinct b) as double) as baskets, cast(count(distinct v) as double) as visitors from baskets
),
occurs as (
    select n, sum(weight * weight) as visitors, sum(weight) as mass from baskets group by n
),
pairs as (
    select x.n as a, y.n as b, sum(x.weight * y.weight) as both_ab
    from baskets as x
    join baskets as y on y.b = x.b and y.n > x.n
    group by x.n, y.n
    having count(*) >= $min_pairs and min(x.v) <> max(x.v)
),
directed as (
    select a, b, both_ab from pairs
    union all
    select b as a, a as b, both_ab from pairs
),
expected as (
    select a, b, both_ab, oa.visitors as na, ob.visitors as nb, oa.mass * ob.mass / totals.baskets as chance
    from directed
    join occurs as oa on oa.n = a
    join occurs as ob on ob.n = b
    cross join totals
),
scored as (
    select
        a,
        b,
        (both_ab - chance) / (na + $shrink) * power(totals.visitors / nb, $popularity_out) as score,
        case when own.leaf = other.leaf then 0 else 1 end as apart
    from expected
    join item_state as own on own.n = a
    join item_state as other on other.n = b
    cross join totals
    where both_ab > chance + 2.0 * sqrt(chance)
),
sorted as (
    select
        a, b, score, apart,
        row_number() over (partition by a, apart order by score desc, b) as place_of_kind
    from scored
),
ranked as (
    select
        a, b, score, apart,
        row_number() over (
            partition by a
            order by case when apart = 0 and place_of_kind > $own_type then 1 else 0 end, score desc, b
        ) as place
    from sorted
)
select a, b, score, apart from ranked where place <= $neighbours
