"""What the lists are computed from, in which order, and every number that their SQL files leave open."""

from collections.abc import Mapping
from typing import Final

from vitrine.refresh.engine import WEEK_MS
from vitrine.refresh.sql_engine import Value
from vitrine.types import DAY_MS

TABLES: Final = (
    "stock",
    "item_state",
    "item_scopes",
    "regional_sales",
    "trends",
    "persona_lifts",
    "shelf_scopes",
    "baskets",
    "basket_pairs",
    "pair_chances",
    "bought_together",
    "bundles",
    "leaves_together",
    "later_pairs",
    "accessories",
    "viewed_together",
    "kin",
    "similar_items",
    "item_sizes",
    "rivals",
    "replenish",
)
"""What is computed before the lists are cut, in this order."""

RULES: Final[Mapping[str, Value]] = {
    "half_life_ms": 28 * DAY_MS,  # of a sale's weight in popularity
    "max_units": 6,  # units of one line that count, so that one pantry does not make a bestseller
    "price_ms": 4 * WEEK_MS,  # prices up to the last sale that make the price as of the past
    "stock_ms": 8 * WEEK_MS,  # a region had what it sold in this time (as the import assumes)
    "alive_ms": 12 * WEEK_MS,  # an item that is in stock nowhere and did not sell in this time has no lists
    "elsewhere": 0.1,  # weight of the other regions' sales on a region's shelf
    "new_days": 60,  # a newcomer is at most this old
    "new_lines": 3,  # and was bought at least this often
    "min_discount": 0.1,  # share off the regular price from which an item counts as discounted
    "trend_ms": WEEK_MS,  # the span whose sales are compared
    "before_ms": 4 * WEEK_MS,  # with those of the spans before
    "trend_elsewhere": 0.5,  # weight of the whole shop's trend where the region's own shows none
    "persona_half_life_ms": 90 * DAY_MS,
    "persona_shrink": 20.0,  # units added to what a persona bought and to what it was expected to buy
    "persona_weight": 1.5,  # exponent of the lift on a persona's shelf; 0 is everybody's shelf
    "shelf_third": 50,  # length of a leaf's popular list; aisles have two, the whole shop three times as many
    "together_ms": 26 * WEEK_MS,  # baskets that tell what goes together; a year predicts no better
    "max_basket": 50,  # larger baskets tell little and cost the square of their size
    "min_support": 8,  # baskets with an item before its own pairs count
    "min_pairs": 3,  # baskets with both items
    "shrink": 10,  # visitors (for types: baskets) added to a's, so that small counts do not win
    "popularity_out": 0.3,  # exponent at which b's own popularity is taken out of its score
    "leaf_popularity_out": 0.5,  # the same for types, whose popularity differs more
    "neighbours": 30,
    "own_type": 15,  # neighbours of an item's own type, where other types want the places
    "enough": 12,  # fewer neighbours of other types than this are filled up from the types bought together
    "fallback_weight": 0.3,
    "leaf_neighbours": 6,
    "leaf_items": 2,
    "similar_pool": 60,  # best known items of the same type that are compared
    "aisle_pool": 20,  # and of the same aisle
    "max_variety": 30,  # items of one type that one visitor bought; beyond that they say nothing
    "similar_neighbours": 20,
    "viewed_ms": 13 * WEEK_MS,  # views that tell what is looked at together
    "view_decay": 0.8,  # weight of a view for each page further away
    "view_reach": 10,  # pages to either side that count
    "min_views": 3,  # sessions with both items
    "view_neighbours": 16,
    "enough_views": 8,  # fewer neighbours than this are filled up with what is bought together
    "later_ms": 14 * DAY_MS,  # an accessory is bought at most this long after
    "accessory_support": 5,  # visitors behind it, where each has at most one vote in baskets and one in time
    "accessory_neighbours": 12,
    "of_one_type": 2,  # accessories of one type
    "enough_accessories": 6,
    "dearer_from": 1.1,  # an upsell's price, as a multiple of the item's
    "dearer_to": 2.0,
    "cheaper_from": 0.5,  # a downsell's
    "cheaper_to": 0.9,
    "rival_neighbours": 8,
    "bundle_support": 5,  # visitors behind a bundle
    "bundle_lift": 1.5,  # and its lift's lower bound, at least
    "max_lift": 1000.0,
    "bundle_neighbours": 6,
    "personal_half_life_ms": 90 * DAY_MS,  # of a basket on a visitor's own list; 30 to 365 days tried
    "personal_items": 100,
    "max_gap_days": 180,  # between two purchases of one rhythm
    "rhythm_shrink": 10,  # buyers of its type added to an item's own
    "own_shrink": 2,  # intervals of the item added to a visitor's own
    "refill_share": 0.2,  # of buyers who bought it again, from which an item is refillable
    "due_days": 7.0,  # the score is the chance of buying it in so many days
    "due_from": 0.3,  # of an interval must have passed
    "due_to": 4.0,  # intervals after which a visitor no longer buys it
    "due_items": 40,
    "due_extra": 20,  # most due items that are listed even where they are none of the visitor's strongest
}
"""What the SQL files leave open; instants and windows are in milliseconds."""
