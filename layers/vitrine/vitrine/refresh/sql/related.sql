-- One row per item and neighbour, the item itself first: what the tables of related items are cut from. Fallbacks, each
-- at a lower weight: what the types of goods are bought with, where an item's own baskets tell too little (for bought
-- together, and of other aisles for accessories); what it is bought with, where views tell too little.
with typed as (
    select distinct leaf, aisle from item_state
),
typical as (
    select
        leaves_together.leaf, leaves_together.b, leaves_together.score * $fallback_weight as score,
        row_number() over (partition by leaves_together.leaf order by leaves_together.score desc, leaves_together.b)
            as place,
        case when other.aisle <> typed.aisle
             then row_number() over (
                 partition by leaves_together.leaf, case when other.aisle <> typed.aisle then 1 else 0 end
                 order by leaves_together.score desc, leaves_together.b
             )
        end as apart_place
    from leaves_together
    join typed on typed.leaf = leaves_together.leaf
    join item_state as other on other.n = leaves_together.b
),
known as (
    select a, count(*) as bought, 0 as viewed, 0 as added from bought_together where apart = 1 group by a
    union all
    select a, 0, count(*), 0 from viewed_together group by a
    union all
    select a, 0, 0, count(*) from accessories group by a
),
counted as (
    select a, sum(bought) as bought, sum(viewed) as viewed, sum(added) as added from known group by a
),
fallback as (
    select
        item_state.n as a, b, score,
        case when place + coalesce(bought, 0) <= $enough then 1 else 0 end as bought,
        case when apart_place + coalesce(added, 0) <= $enough_accessories then 1 else 0 end as added
    from typical
    join item_state on item_state.leaf = typical.leaf
    left join counted on counted.a = item_state.n
    where place + coalesce(bought, 0) <= $enough or apart_place + coalesce(added, 0) <= $enough_accessories
),
together as (
    select a, b, score from bought_together
    union all
    select a, b, score from fallback where bought = 1
),
seen as (
    select
        together.a, b, score * $fallback_weight as score,
        row_number() over (partition by together.a order by score desc, b) + coalesce(viewed, 0) as place
    from together
    left join counted on counted.a = together.a
),
listed as (
    select n as a, n as b, null as bought, null as viewed, null as alike, null as added, null as dearer,
           null as cheaper, null as lift, 0 as kind
    from item_state
    union all
    select a, b, score, null, null, null, null, null, null, 1 from together
    union all
    select a, b, null, score, null, null, null, null, null, 1 from viewed_together
    union all
    select a, b, null, score, null, null, null, null, null, 1 from seen where place <= $enough_views
    union all
    select a, b, null, null, score, null, null, null, null, 1 from similar_items
    union all
    select a, b, null, null, null, score, null, null, null, 1 from accessories
    union all
    select a, b, null, null, null, score, null, null, null, 1
    from fallback
    where added = 1
    union all
    select a, b, null, null, null, null, upsell, downsell, null, 1 from rivals
    union all
    select a, b, null, null, null, null, null, null, score, 1 from bundles
)
select
    a,
    b,
    cast(max(bought) as float) as bought_together,
    cast(max(viewed) as float) as viewed_together,
    cast(max(alike) as float) as "similar",
    cast(max(added) as float) as accessories,
    cast(max(dearer) as float) as upsell,
    cast(max(cheaper) as float) as downsell,
    cast(max(lift) as float) as bundle
from listed
group by a, b
order by
    a,
    min(kind),
    greatest(
        coalesce(max(bought), 0.0), coalesce(max(viewed), 0.0), coalesce(max(alike), 0.0), coalesce(max(added), 0.0)
    ) desc,
    b
