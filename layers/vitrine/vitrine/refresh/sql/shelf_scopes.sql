-- The shelves that an item stands on, and by how much it counts more there than its sales say: as much as for everybody
-- on the shelves of the shop and its categories, and by a persona's own lift on the shelf of the persona ('@' and name).
select n, scope, depth, 1.0 as lift from item_scopes
union all
select n, '@' || persona as scope, 1 as depth, power(lift, $persona_weight) as lift from persona_lifts
