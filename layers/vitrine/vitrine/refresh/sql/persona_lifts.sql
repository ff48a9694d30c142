-- How much more of an item the visitors of a persona buy than their share of all sales would have them: the lift,
-- shrunk towards one by units that nobody bought, so that it takes many buyers to move an item. Units are whole numbers
-- (1e-9) until they are divided.
with bought as (
    select
        visitor_personas.persona,
        item_state.n,
        sum(cast(floor(
            least(quantity, $max_units) * exp(ln(0.5) * ($anchor_ms - at_ms) / $persona_half_life_ms) * 1e9
        ) as bigint)) as units
    from sales
    join item_state on item_state.i = sales.i
    join visitor_index on visitor_index.v = sales.v
    join visitor_personas on visitor_personas.visitor = visitor_index.visitor
    where at_ms < $anchor_ms
    group by visitor_personas.persona, item_state.n
),
shares as (
    select persona, cast(sum(units) as double) / sum(sum(units)) over () as share from bought group by persona
),
everyone as (
    select n, sum(units) as units from bought group by n
)
select
    shares.persona,
    everyone.n,
    (coalesce(bought.units, 0) / 1e9 + $persona_shrink)
    / (everyone.units / 1e9 * shares.share + $persona_shrink) as lift
from everyone
cross join shares
left join bought on bought.persona = shares.persona and bought.n = everyone.n
