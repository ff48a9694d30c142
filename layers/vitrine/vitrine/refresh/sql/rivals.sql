-- The same kind of thing for more money or for less. Upsell: dearer within a band, not smaller, and better in what the
-- catalogue can tell, which has no ratings: of a better known brand (by units in the aisle) or better selling; a leader
-- of its type, among the best selling quarter, counts less. Downsell: cheaper within a band and of a comparable size. A
-- title without a size compares with any. The middle of the band and what sells well score best; goods of the aisle
-- alone (small types) count as a fallback does.
with known as (
    select
        item_state.n, price, units, stem, brand, amount, unit,
        max(units) over (partition by leaf) as most,
        sum(cast(floor(units * 1e9) as bigint)) over (partition by aisle, brand) / 1e9 as fame,
        percent_rank() over (partition by leaf order by units desc) as standing
    from item_state
    join item_sizes on item_sizes.n = item_state.n
),
compared as (
    select
        kin.a,
        kin.b,
        (y.price + 0.0) / x.price as ratio,
        case when x.unit = y.unit then y.amount / x.amount else 1.0 end as size_ratio,
        case when y.units >= x.units or (y.brand <> x.brand and y.fame > x.fame) then 1.0
             when y.standing <= 0.25 then 0.7 else 0.0 end as better,
        case when kinship < 1.0 then $fallback_weight else 1.0 end
        * (0.3 + 0.7 * sqrt((y.units + 0.01) / (y.most + 0.01)))
        * case when x.stem = y.stem or x.unit = y.unit then 1.0 else 0.8 end as worth
    from kin
    join known as x on x.n = kin.a
    join known as y on y.n = kin.b
    where x.price > 0 and y.price > 0 and coalesce(x.amount, 1.0) > 0.0
),
scored as (
    select
        a,
        b,
        case when ratio >= $dearer_from and ratio <= $dearer_to and size_ratio >= 0.8 and better > 0.0
             then worth * better * exp(-abs(ln(ratio / sqrt($dearer_from * $dearer_to))))
        end as upsell,
        case when ratio >= $cheaper_from and ratio <= $cheaper_to and size_ratio between 0.75 and 1.34
             then worth * exp(-abs(ln(ratio / sqrt($cheaper_from * $cheaper_to))))
        end as downsell
    from compared
),
placed as (
    select
        a, b, upsell, downsell,
        row_number() over (partition by a order by coalesce(upsell, 0.0) desc, b) as up_place,
        row_number() over (partition by a order by coalesce(downsell, 0.0) desc, b) as down_place
    from scored
    where upsell is not null or downsell is not null
)
select
    a, b,
    case when up_place <= $rival_neighbours then upsell end as upsell,
    case when down_place <= $rival_neighbours then downsell end as downsell
from placed
where up_place <= $rival_neighbours and upsell is not null or down_place <= $rival_neighbours and downsell is not null
