-- What each visitor leans to: their first category and brand by share of their lines, and the category ('own') and price
-- band that they buy most beyond what everybody does. Lines lose weight with age; shares are drawn towards the store's,
-- and what is bought beyond it towards nothing (a gamma prior on a Poisson rate), by $prior lines: a single line makes
-- nobody a lover of anything. A category is the first two levels of a path; a price band is a third of the assortment of
-- an item's own category by price, so that bread can be dear. Weights are whole numbers (1e-9) until they are divided:
-- the sum of floats depends on the order of rows, and would tell equals apart by chance.
with ranked as (
    select
        item,
        percent_rank() over (partition by category order by price) as place,
        count(*) over (partition by category) as n
    from items
),
bands as (
    select
        item,
        case when n >= 3 and place < 1.0 / 3 then 'low' when n >= 3 and place > 2.0 / 3 then 'high' else 'mid' end as band
    from ranked
),
lines as (
    select
        visitor_lines.visitor,
        split_part(visitor_lines.category, '/', 1) || case when split_part(visitor_lines.category, '/', 2) = '' then ''
            else '/' || split_part(visitor_lines.category, '/', 2) end as category,
        visitor_lines.brand,
        bands.band,
        cast(floor(exp(ln(0.5) * ($as_of_ms - at_ms) / $half_life_ms) * 1e9) as bigint) as weight
    from visitor_lines
    left join bands on bands.item = visitor_lines.item
    where at_ms < $as_of_ms and visitor_lines.category is not null
),
counted as (
    select visitor, 'category' as kind, category as name, sum(weight) as weight from lines group by visitor, category
    union all
    select visitor, 'brand' as kind, brand as name, sum(weight) as weight from lines group by visitor, brand
    union all
    select visitor, 'band' as kind, band as name, sum(weight) as weight from lines group by visitor, band
),
named as (
    select visitor, kind, name, weight, sum(weight) over (partition by visitor, kind) as total
    from counted
    where name is not null
),
everybody as (
    select kind, name, sum(weight) as weight from named group by kind, name
),
store as (
    select kind, name, cast(weight as double) / sum(weight) over (partition by kind) as share from everybody
),
shares as (
    select
        named.visitor,
        named.kind,
        named.name,
        (named.weight / 1e9 + $prior * store.share) / (named.total / 1e9 + $prior) as share,
        (named.weight / 1e9 + $prior) / (named.total / 1e9 * store.share + $prior) as lift
    from named
    join store on store.kind = named.kind and store.name = named.name
),
placed as (
    select
        visitor, kind, name, share, lift,
        row_number() over (partition by visitor, kind order by share desc, name) as by_share,
        row_number() over (partition by visitor, kind order by lift desc, name) as by_lift
    from shares
)
select visitor, kind, name, cast(share as double) as share, cast(lift as double) as lift
from placed
where (kind = 'band' and by_lift = 1) or (kind <> 'band' and by_share = 1)
union all
select visitor, 'own' as kind, name, cast(share as double) as share, cast(lift as double) as lift
from placed
where kind = 'category' and by_lift = 1
order by visitor, kind
