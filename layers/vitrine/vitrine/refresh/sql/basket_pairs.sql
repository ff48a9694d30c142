-- Pairs of items in one basket, each once (a < b). `both_ab` adds up the weights of the baskets: at most one per visitor,
-- so it counts visitors rather than baskets. What only one visitor ever bought together is no pair. The association
-- lists are all made of these pairs, so the baskets are squared once.
select x.n as a, y.n as b, sum(x.weight * y.weight) as both_ab
from baskets as x
join baskets as y on y.b = x.b and y.n > x.n
group by x.n, y.n
having count(*) >= $min_pairs and min(x.v) <> max(x.v)
