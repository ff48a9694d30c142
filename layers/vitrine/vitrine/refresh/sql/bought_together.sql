-- Items bought together. Of the visitors with a, what share takes b in the same basket beyond chance, with b's own
-- popularity taken out by a root (the square root would make it the cosine) and items of few visitors shrunk towards
-- nothing. Pairs that chance explains within two standard errors, or that only one visitor ever bought, are left out.
with occurs as (
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
    select a, b, both_ab, oa.visitors as na, ob.visitors as nb, oa.mass * ob.mass / $baskets as chance
    from directed
    join occurs as oa on oa.n = a
    join occurs as ob on ob.n = b
),
scored as (
    select a, b, (both_ab - chance) / (na + $shrink) * power($visitors / nb, $popularity_out) as score
    from expected
    where both_ab > chance + 2.0 * sqrt(chance)
),
ranked as (
    select a, b, score, row_number() over (partition by a order by score desc, b) as place from scored
)
select a, b, score from ranked where place <= $neighbours
