-- The region whose shelf each visitor sees, as serving finds it: their home, or the store's default.
select visitor_index.visitor, coalesce(min(region_index.region), min(fallback.region)) as region
from visitor_index
cross join (select region from region_index where is_default) as fallback
left join visitors on visitors.visitor = visitor_index.visitor
left join region_index on region_index.region = visitors.region
group by visitor_index.visitor
