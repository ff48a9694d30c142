"""Facts of the visitor: what is remembered of them, their cart, what they saw last, what they lean to.

All of it is unknown, not zero, while the visitor may not be recognised or their profile was not read.
"""

from collections.abc import Mapping
from typing import Final

from vitrine.decisions.affinities import BANDS, discount_share, leanings, price_band, price_rank
from vitrine.decisions.facts_sources import Compute, Fact, Sources, boolean, codes, number, string, texts
from vitrine.decisions.intent import INTENTS, intent
from vitrine.decisions.predicted import SEGMENTS
from vitrine.types import DAY_MS, ItemId
from vitrine.visitors.history import LANES

REMEMBERED: Final = sum(LANES.values())


def _is_new(known: Sources) -> bool | None:
    """Whether nothing is known from before this session, so that a first visit stays one to its end."""
    memory = known.memory
    if memory is None:
        return None
    return not memory.attributes and memory.seen_before(known.session_start_ms) is None


def _visits(known: Sources) -> int | None:
    return None if known.memory is None else known.memory.visits


def _days_since_last(known: Sources) -> int | None:
    return _days_ago(known, None if known.memory is None else known.memory.seen_before(known.session_start_ms))


def _purchases(known: Sources) -> int | None:
    return None if known.memory is None else known.memory.days_seen("purchase")


def _last_purchase_days(known: Sources) -> int | None:
    bought = {} if known.memory is None else known.memory.bought_since(0)
    return _days_ago(known, max(bought.values(), default=None))


def _days_ago(known: Sources, at_ms: int | None) -> int | None:
    """Whole days since an instant; what a device's clock puts into the future was just now."""
    return None if at_ms is None else max(0, known.now_ms - at_ms) // DAY_MS


def _favourites(known: Sources) -> tuple[ItemId, ...] | None:
    return None if known.memory is None else known.memory.favourites()


def _cart_value(known: Sources) -> int | None:
    if known.lines is None:
        return None
    prices = [known.price_of(line.item) if line.price is None else line.price for line in known.lines]
    total = 0
    for line, price in zip(known.lines, prices, strict=True):
        if price is None:
            return None
        total += line.quantity * price
    return total


def _cart_items(known: Sources) -> int | None:
    return None if known.lines is None else sum(line.quantity for line in known.lines)


def _cart_products(known: Sources) -> tuple[ItemId, ...] | None:
    return None if known.lines is None else tuple(line.item for line in known.lines)


def _cart_categories(known: Sources) -> tuple[int, ...] | None:
    return None if known.lines is None else known.categories_of(line.item for line in known.lines)


def _recent_products(known: Sources) -> tuple[ItemId, ...] | None:
    return None if known.is_untold and not known.visit.recent else known.visit.recent


def _recent_categories(known: Sources) -> tuple[int, ...] | None:
    recent = _recent_products(known)
    return None if recent is None else known.categories_of(recent)


def _predicted(name: str) -> Compute:
    def compute(known: Sources) -> float | None:
        value = known.predicted.get(name)
        return None if isinstance(value, str) else value

    return compute


def _segment(known: Sources) -> str | None:
    value = known.predicted.get("segment")
    return value if value in SEGMENTS else None


VISITOR_FACTS: Final[Mapping[str, Fact]] = {
    "visitor.id": string("opaque id, for experiments", lambda known: known.context.request.visitor),
    "visitor.device_id": string(
        "id that the device had before a login, else the visitor's",
        lambda known: known.context.request.device_visitor or known.context.request.visitor,
    ),
    "visitor.known": boolean(
        "whether the visitor was recognised",
        lambda known: known.context.request.visitor is not None and not known.context.request.is_first,
    ),
    "visitor.new": boolean("whether nothing is known of them from before this session", _is_new),
    "visitor.visits": number(f"days (UTC) with events, among the last {REMEMBERED} remembered", _visits),
    "visitor.days_since_last": number("whole days since the last event before this session", _days_since_last),
    "visitor.purchases": number(f"days (UTC) with purchases, among the last {LANES['purchase']} lines", _purchases),
    "visitor.last_purchase_days": number("whole days since the last purchase", _last_purchase_days),
    "visitor.favourites": texts("favourite items, the last one first", _favourites),
    "cart.value": number("sum of the cart in minor units; unknown when a price is", _cart_value),
    "cart.items": number("pieces in the cart", _cart_items),
    "cart.products": texts("items in the cart", _cart_products),
    "cart.categories": codes("categories in the cart, with all above them", _cart_categories),
    "cart.empty": boolean("whether the cart is empty", lambda known: None if known.lines is None else not known.lines),
    "recent.products": texts("items seen last, the newest first", _recent_products),
    "recent.categories": codes("categories of the items seen last, with all above them", _recent_categories),
    "affinity.categories": codes(
        "categories with at least a tenth of what the visitor buys or of this visit, with all above them",
        lambda known: leanings(known.categories),
    ),
    "affinity.brands": codes(
        "brands with at least a tenth of what the visitor buys or of this visit", lambda known: leanings(known.brands)
    ),
    "affinity.price_band": string("how dear they buy, by the price rank", lambda known: price_band(known.lists), BANDS),
    "affinity.price_rank": number(
        "mean rank of what they buy among prices of the region's shelf, 0 to 1", lambda known: price_rank(known.lists)
    ),
    "affinity.discount": number(
        "share of what they buy that is discounted now, 0 to 1", lambda known: discount_share(known.lists)
    ),
    "predicted.segment": string("by recency, frequency and money (segments of the refresh report)", _segment, SEGMENTS),
    "predicted.p_buy_7d": number("chance of a purchase within 7 days", _predicted("p_buy_7d")),
    "predicted.p_buy_30d": number("chance of a purchase within 30 days", _predicted("p_buy_30d")),
    "predicted.p_churn": number("chance of no purchase within 90 days", _predicted("p_churn")),
    "predicted.order_value": number("expected value of the next order in minor units", _predicted("order_value")),
    "predicted.ltv_12m": number("expected spend within 12 months in minor units", _predicted("ltv_12m")),
    "predicted.discount_sensitivity": number(
        "how much discounts draw them beyond what follows from what they buy, 0 to 1; 0.5 is as others",
        _predicted("discount_sensitivity"),
    ),
    "visit.intent": string("what the visit is about: looking, comparing goods of one kind, buying", intent, INTENTS),
}
