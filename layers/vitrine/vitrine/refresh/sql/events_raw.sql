-- The fields of the collected lines; a field that is missing or of the wrong type is null.
select
    json is not null as is_json,
    json ->> '$.id' as id,
    json ->> '$.visitor' as visitor,
    json ->> '$.kind' as kind,
    try_cast(json ->> '$.at_ms' as bigint) as at_ms,
    json ->> '$.item' as item,
    try_cast(json ->> '$.quantity' as integer) as quantity,
    try_cast(json ->> '$.price' as integer) as price,
    json ->> '$.session' as session,
    json ->> '$.region' as region
from raw_lines
