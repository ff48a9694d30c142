"""What a store declares of its catalogue feed: where it lies, how it is written, how much may be odd about it."""

from vitrine.catalog.feed_gates import Bounds
from vitrine.catalog.feed_items import FeedForm, Shop
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where a feed lies: an object of the lake, or a web address."""

    lake: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.url.partition("?")[0] or self.lake  # what follows a ? may be a key


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """`drop` is the share of a price from which on a lower one is news."""

    source: Source
    form: FeedForm
    shop: Shop
    bounds: Bounds
    drop: float
