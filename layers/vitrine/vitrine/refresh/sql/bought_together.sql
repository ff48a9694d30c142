-- Items bought together. Of the visitors with a, what share takes b in the same basket beyond chance, with b's own
-- popularity taken out by a root (the square root would make it the cosine) and items of few visitors shrunk towards
-- nothing. Pairs that chance explains within two standard errors, or that only one visitor ever bought, are left out.
-- Goods of a's own type take at most half of the places while others want them: who buys one jar buys more jars, and
-- a page that shows the jar wants to know what else.
with scored as (
    select
        a,
        b,
        (both_ab - chance) / (na + $shrink) * power(visitors / nb, $popularity_out) as score,
        both_ab as support,
        case when distance = 0 then 0 else 1 end as apart
    from pair_chances
    where both_ab > chance + 2.0 * sqrt(chance)
),
sorted as (
    select
        a, b, score, support, apart,
        row_number() over (partition by a, apart order by score desc, b) as place_of_kind
    from scored
),
ranked as (
    select
        a, b, score, support, apart,
        row_number() over (
            partition by a
            order by case when apart = 0 and place_of_kind > $own_type then 1 else 0 end, score desc, b
        ) as place
    from sorted
)
select a, b, score, support, apart from ranked where place <= $neighbours
