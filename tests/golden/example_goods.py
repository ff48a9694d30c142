"""Goods of the example world: five of each kind, in categories of the demo's data, and who buys what."""

from dataclasses import dataclass
from typing import Final

KINDS: Final = {
    "bananas": "produce/tropical-fruit/bananas",
    "milk": "grocery/milk/milk",
    "eggs": "grocery/eggs/eggs-large",
    "bread": "grocery/baked-bread-buns-rolls/bread-white",
    "cola": "grocery/soft-drinks/soft-drinks-can-pack",
    "cheese": "grocery/cheese/shredded-cheese",
    "soup": "grocery/soup/condensed-soup",
    "yogurt": "grocery/yogurt/yogurt",
    "beef": "meat/beef/lean",
    "pizza": "grocery/frozen-pizza/pizza-premium",
    "pizza-plain": "grocery/frozen-pizza/pizza-traditional",
    "chips": "grocery/bag-snacks/potato-chips",
    "ice-cream": "grocery/ice-cream/premium",
    "ice-bars": "grocery/frozen-novelties/ice-cream-bars",
    "water": "grocery/water/drinking-water-still",
    "cereal": "grocery/cold-cereal/kids-cereal",
    "juice": "grocery/refrigerated-juices-drinks/orange-juice-chilled",
    "coffee": "grocery/coffee/ground-coffee",
    "donuts": "bakery/breakfast-sweets/donuts",
    "chicken": "meat/chicken/chicken-breast-boneless",
    "spaghetti": "grocery/pasta-and-noodles/spaghetti-dry",
    "sauce": "grocery/pasta-sauce/mainstream",
    "salad": "produce/salad-mix/garden-salad-mix",
    "garlic-bread": "grocery/frozen-bread-dough/frozen-garlic-bread-toast-sticks",
    "popcorn": "produce/popcorn/popcorn-microwave",
    "cocoa": "grocery/cocoa-mixes/hot-chocolate-cocoa-mix",
    "tea": "grocery/teas/tea-bags-and-bulk-tea",
    "turkey": "meat/turkey/whole-hens",
    "stuffing": "grocery/dinner-mixes-dry/stuffing-mixes",
    "cranberry": "grocery/canned-fruit/cranberry-sauce",
    "pie": "bakery/pies/pies-pumpkin-custard",
    "sausage": "packaged-meat/dinner-sausage/smoked-cooked",
    "charcoal": "drugstore-and-home/charcoal-and-lighter-fluid/charcoal",
    "ketchup": "grocery/condiments-sauces/ketchup",
    "lunch-kit": "packaged-meat/lunch-meat/lunch-kit",
    "juice-box": "grocery/canned-juices/juice-boxes",
    "fruit-cup": "grocery/canned-fruit/fruit-bowl-and-cups",
    "cake-mix": "grocery/baking-mixes/layer-cake-mix",
    "flour": "grocery/baking-needs/flour-white-and-self-rising",
    "spice": "grocery/spices-and-extracts/spices-and-seasonings",
    "baby-jar": "drugstore-and-home/baby-foods/baby-food-beginner",
    "diapers": "drugstore-and-home/diapers-and-disposables/baby-diapers",
    "dog-can": "grocery/dog-foods/dog-food-cans",
    "cat-can": "grocery/cat-food/canned-cat-food",
    "leash": "grocery/pet-care-supplies/pet-accessories",
    "tissue": "grocery/bath-tissues/toilet-tissue",
    "towels": "grocery/paper-towels/paper-towels-and-holders",
    "detergent": "grocery/laundry-detergents/liquid-laundry-detergents",
    "corn": "grocery/canned-vegetables/corn",
    "gum": "drugstore-and-home/gum-and-mints/chewing-gum",
    "granola": "grocery/breakfast-and-snack-bars/granola-bars",
    "vodka": "spirits/liquor/traditional-vodka",
    "beer": "grocery/beers-and-ales/beer-and-ale",
}
"""Category path by the first part of an id, what sells best first."""

PER_KIND: Final = 5
FIXED: Final = {"bananas-1": "1082185", "milk-1": "1029743"}
"""Ids that the store's files name."""

NAMED: Final = {fixed: said for said, fixed in FIXED.items()}
TOGETHER: Final = {
    "spaghetti": ("sauce", "cheese", "beef"),
    "sauce": ("spaghetti", "cheese"),
    "pizza": ("cola", "salad"),
    "milk": ("cereal", "bread"),
    "coffee": ("donuts", "milk"),
    "baby-jar": ("diapers",),
}
"""Kinds that are bought together; of other kinds nothing is known."""


@dataclass(frozen=True, slots=True)
class Good:
    """One good: the `n`-th of its kind, from 1. Its price rises with n."""

    kind: str
    n: int

    @property
    def id(self) -> str:
        """As in the shelves: soup-2."""
        plain = f"{self.kind}-{self.n}"
        return FIXED.get(plain, plain)

    @property
    def path(self) -> str:
        """Its category path."""
        return KINDS[self.kind]

    @property
    def regular_price(self) -> int:
        """In cents."""
        return 60 * self.n + 40

    @property
    def price(self) -> int:
        """The second and the fourth of a kind are a fifth cheaper than usual; alcohol never is."""
        is_reduced = self.n % 2 == 0 and self.kind not in ("vodka", "beer")
        return self.regular_price * 4 // 5 if is_reduced else self.regular_price

    @property
    def brand(self) -> str:
        """The third and the fourth of a kind are own brands."""
        return "Private" if self.n in (3, 4) else "National"

    @property
    def regions(self) -> int:
        """Stock mask: the second is out of stock in the south, the fifth is left in the north only."""
        return {2: 0b1011, 5: 0b0001}.get(self.n, 0b1111)

    @property
    def age_days(self) -> int:
        """The third of a kind is new where the kind has four letters, all others are old."""
        return 30 if self.n == 3 and len(self.kind) == 4 else 700

    @property
    def popularity(self) -> float:
        """Falls along KINDS, then along n; the same everywhere."""
        return 5.0 - list(KINDS).index(self.kind) / 20 - self.n / 5


GOODS: Final = [Good(kind, n) for kind in KINDS for n in range(1, PER_KIND + 1)]
BY_ID: Final = {good.id: good for good in GOODS}


def good(item: str) -> Good:
    """The good of an id, or of a name such as milk-1."""
    return BY_ID[FIXED.get(item, item)]
