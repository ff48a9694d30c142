-- The state of the items in the order of their numbers.
select item, category, brand, price, regular_price, margin, mask, units, age_days from item_state order by n
