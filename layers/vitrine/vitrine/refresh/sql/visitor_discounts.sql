-- What each visitor bought at a discount in a span of time, against what is expected from what they buy: a line of an
-- item is expected to be discounted as often as other visitors' lines of that item were, and an item of few lines as
-- often as its category (the prior weighs $prior lines). Own lines are left out of the expectation, else the only buyer
-- of an item would always meet it. Lines are told apart by the parity of their day: two halves of one habit, whose
-- agreement says how much of a difference between visitors is theirs and not chance. `excess` is the number of
-- discounted lines beyond the expected one, `spread` its variance if each line were a draw of its own.
with lines as (
    select
        visitor,
        item,
        coalesce(category, '') as category,
        cast(floor(at_ms / 86400000.0) as bigint) % 2 as half,
        is_discounted
    from visitor_lines
    where at_ms >= $from_ms and at_ms < $until_ms and item is not null
),
leaves as (
    select category, sum(is_discounted) * 1.0 / count(*) as share from lines group by category
),
goods as (
    select item, category, sum(is_discounted) as discounted, count(*) as n from lines group by item, category
),
habits as (
    select visitor, item, category, sum(is_discounted) as discounted, count(*) as n
    from lines
    group by visitor, item, category
),
expected as (
    select
        habits.visitor,
        habits.item,
        (goods.discounted - habits.discounted + $prior * leaves.share) / (goods.n - habits.n + $prior) as share
    from habits
    join goods on goods.item = habits.item and goods.category = habits.category
    join leaves on leaves.category = habits.category
)
select
    lines.visitor,
    cast(count(*) as double) as n,
    cast(sum(lines.is_discounted) as double) as discounted,
    cast(sum(case when half = 0 then lines.is_discounted - expected.share else 0.0 end) as double) as excess_even,
    cast(sum(case when half = 1 then lines.is_discounted - expected.share else 0.0 end) as double) as excess_odd,
    cast(sum(case when half = 0 then expected.share * (1.0 - expected.share) else 0.0 end) as double) as spread_even,
    cast(sum(case when half = 1 then expected.share * (1.0 - expected.share) else 0.0 end) as double) as spread_odd
from lines
join expected on expected.visitor = lines.visitor and expected.item = lines.item
group by lines.visitor
order by lines.visitor
