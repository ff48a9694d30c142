"""What a shop says of one article, whatever it says it through."""

from vitrine.types import ItemId, RegionId
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Goods:
    """One article. Prices are per unit in minor units; `category` is a path of slugs (`department/category/type`);
    `margin` is a share of the price; `regions` are the regions that have it in stock."""

    item: ItemId
    title: str
    category: str
    brand: str
    price: int
    regular_price: int
    margin: float
    url: str
    image: str
    regions: tuple[RegionId, ...]
