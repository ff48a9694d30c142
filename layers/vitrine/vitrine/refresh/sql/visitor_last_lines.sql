-- The last lines that each visitor bought before an instant, the newest first, as many as a profile is asked for.
with ranked as (
    select
        visitor, item, at_ms,
        row_number() over (partition by visitor order by at_ms desc, session desc, item desc) as place
    from visitor_lines
    where at_ms < $as_of_ms and item is not null
)
select visitor, item, at_ms, cast(place as integer) as place from ranked where place <= $lines order by visitor, place
