-- How often each item was bought before, in the order of the items' numbers.
select lines from item_state order by n
