-- Lines of the baskets that can tell what goes together: bought lately, not a whole pantry. Those of one item tell what
-- goes alone: pairs, occurrences and chance are all counted here and nowhere else. A line weighs one over the square
-- root of how often this visitor bought the item, so that a pair's weights sum to at most one per visitor: a habit of
-- one household is not a rule for all.
with lines as (
    select distinct b, v, n
    from sales
    join item_state on item_state.i = sales.i
    where at_ms < $anchor_ms and at_ms >= $anchor_ms - $together_ms and lines >= $min_support
),
sized as (
    select b from lines group by b having count(*) <= $max_basket
)
select
    lines.b, lines.v, lines.n,
    1.0 / sqrt(cast(count(*) over (partition by lines.v, lines.n) as double)) as weight
from lines
join sized on sized.b = lines.b
