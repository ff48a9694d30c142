-- How surely an item sells more than before in a region that has it. Visitors who bought it in the last week against
-- the weekly mean of the weeks before, at the region's own growth. `trend` is the lower 95 % bound of the information
-- component, the shrunk base-2 logarithm of observed over expected (Noren, Hopstadius and Bate, "Shrinkage
-- observed-to-expected ratios for robust and transparent large-scale pattern discovery", Stat Methods Med Res 22, 2013,
-- eq. 4): from one buyer to three is no trend, from ten to thirty is. Where a region's own sales show none, the whole
-- shop's growth stands in at a lower weight; null where there is none either. `momentum` is observed over expected in
-- the whole shop, shrunk and at most 1: below it an item is past its season. `support` is who bought it last week.
with bought as (
    select distinct
        i, region, v,
        case when at_ms >= $anchor_ms - $trend_ms then 0
             else cast(floor(($anchor_ms - 1 - at_ms) / $trend_ms) as integer) end as weeks_ago
    from sales
    where at_ms < $anchor_ms and at_ms >= $anchor_ms - $trend_ms - $before_ms
),
counted as (
    select
        i,
        region,
        sum(case when weeks_ago = 0 then 1.0 else 0.0 end) as lately,
        sum(case when weeks_ago > 0 then 1.0 else 0.0 end) * $trend_ms / $before_ms as earlier
    from bought
    group by i, region
),
growth as (
    select region, sum(lately) as lately, sum(earlier) as earlier from counted group by region
),
expected as (
    select
        i, counted.region, counted.lately as seen,
        counted.earlier * growth.lately / greatest(growth.earlier, 1.0) as usual
    from counted
    join growth on growth.region = counted.region
    where growth.earlier > 0.0
),
everywhere as (
    select i, sum(seen) as seen, sum(cast(floor(usual * 1e9) as bigint)) / 1e9 as usual from expected group by i
),
bounded as (
    select
        i, region, 1.0 as momentum, seen,
        ln((seen + 0.5) / (usual + 0.5)) / ln(2.0) - 3.3 / sqrt(seen + 0.5) - 2.0 / power(seen + 0.5, 1.5) as trend
    from expected
    union all
    select
        i, '' as region, least((seen + 1.0) / (usual + 1.0), 1.0) as momentum, seen,
        ln((seen + 0.5) / (usual + 0.5)) / ln(2.0) - 3.3 / sqrt(seen + 0.5) - 2.0 / power(seen + 0.5, 1.5) as trend
    from everywhere
),
placed as (
    select
        item_state.n, stock.r, shop.momentum, shop.seen as support,
        greatest(coalesce(own.trend, 0.0), shop.trend * $trend_elsewhere) as trend,
        case when own.trend > 0.0 then 1.0 else 0.0 end as own_share
    from item_state
    join stock on stock.i = item_state.i
    join region_index on region_index.r = stock.r
    join bounded as shop on shop.i = item_state.i and shop.region = ''
    left join bounded as own on own.i = item_state.i and own.region = region_index.region and own.region <> ''
)
select n, r, momentum, support, own_share, case when trend > 0.0 then trend end as trend from placed
