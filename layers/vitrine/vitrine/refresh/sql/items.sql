-- The catalogue as it was delivered; feeds may add columns that no list needs.
select * from items_file
