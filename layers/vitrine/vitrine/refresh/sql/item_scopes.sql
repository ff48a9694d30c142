-- The shelves that an item can stand on: the whole shop (''), its department, aisle and whole path.
select n, '' as scope, 0 as depth from item_state
union
select n, split_part(category, '/', 1), 1 from item_state
union
select n, split_part(category, '/', 1) || '/' || split_part(category, '/', 2), 2 from item_state
where split_part(category, '/', 2) <> ''
union
select n, category, 3 from item_state
where split_part(category, '/', 3) <> ''
