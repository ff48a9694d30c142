-- When each visitor first bought in each category: the number of rows before an instant is how broadly they bought.
select visitor, category, min(at_ms) as first_ms
from visitor_lines
where category is not null
group by visitor, category
