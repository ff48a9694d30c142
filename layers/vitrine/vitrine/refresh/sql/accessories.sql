-- What goes with a and not the other way round: of another aisle, in the same basket or bought later, beyond chance.
-- Of the visitors with a, the share that takes b so beyond chance, with b's popularity taken out by the square root;
-- then the direction: how much oftener b came after a than a after b (counts shrunk by two to even), and the price: an
-- accessory seldom costs more than what it is for.
with totals as (
    select cast(count(distinct v) as double) as visitors from baskets
),
counted as (
    select a, b, both_ab as times, chance, na, nb, 0.0 as after_ab, 0.0 as after_ba
    from pair_chances
    where distance = 2
    union all
    select
        there.a, there.b, there.after_ab, there.fa * there.fb / visitors * $later_ms / $together_ms, there.fa, there.fb,
        there.after_ab, coalesce(back.after_ab, 0.0)
    from later_pairs as there
    cross join totals
    left join later_pairs as back on back.a = there.b and back.b = there.a
),
summed as (
    select
        a, b, sum(times) as times, sum(chance) as chance, max(na) as na, max(nb) as nb,
        max(after_ab) as after_ab, max(after_ba) as after_ba
    from counted
    group by a, b
),
scored as (
    select
        a,
        b,
        (times - chance) / (na + $shrink) * sqrt(visitors / nb)
        * 2.0 * (after_ab + 2.0) / (after_ab + after_ba + 4.0)
        * least(1.0, sqrt((own.price + 10.0) / (other.price + 10.0))) as score,
        times as support,
        other.leaf
    from summed
    join item_state as own on own.n = a
    join item_state as other on other.n = b
    cross join totals
    where times >= $accessory_support and times > chance + 2.0 * sqrt(chance)
),
sorted as (
    select
        a, b, score, support, row_number() over (partition by a, leaf order by score desc, b) as place_of_type
    from scored
),
placed as (
    select a, b, score, support, row_number() over (partition by a order by score desc, b) as place
    from sorted
    where place_of_type <= $of_one_type
)
select a, b, score, support from placed where place <= $accessory_neighbours
