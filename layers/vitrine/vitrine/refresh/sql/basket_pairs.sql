-- Pairs of items in one basket, each once (a < b). `both_ab` adds up the weights of the baskets: at most one per visitor,
-- so it counts visitors rather than baskets. What only one visitor ever bought together is no pair. The association
-- lists are all made of these pairs, so the baskets are squared once. The sum is one of whole numbers, rounded: it does
-- not depend on the order of rows, and three thirds of a visitor are one.
select x.n as a, y.n as b, round(sum(cast(floor(x.weight * y.weight * 1e12 + 0.5) as bigint)) / 1e12, 9) as both_ab
from baskets as x
join baskets as y on y.b = x.b and y.n > x.n
group by x.n, y.n
having count(*) >= $min_pairs and min(x.v) <> max(x.v)
