"""Page views for the running stack, made of the demo's real baskets, from a fixed seed.

A visit looks at the home page, the category of its first item, the pages of some items one after the other, and its
cart. Half of the visits are of households that the store knows, half of newcomers, who get their token with the first
answer. What a page has seen is told twice, as the snippet does: in `recent`, and as an event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vitrine.refresh.engine import Engine
from vitrine.types import DAY_MS

N_ITEMS: Final = 4
SPAN_MS: Final = 28 * DAY_MS
BASKETS: Final = """
    with lately as (
        select session, visitor, item, row_number() over (partition by session order by id) as place
        from read_parquet($purchases) where at_ms > (select max(at_ms) from read_parquet($purchases)) - $span_ms
    )
    select session, min(visitor), list(item order by place), list(category order by place)
    from lately join read_parquet($items) using (item)
    where place <= $n_items group by session having count(*) >= 2 order by md5(session || $seed), session limit $n
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What somebody looks at. `household` is None for a newcomer."""

    session: str
    household: str | None
    items: Sequence[str]
    category: str


def visits_of(lake: Path, n: int, seed: str = "cost") -> list[Visit]:
    """n visits, every second one of a household."""
    files = {
        "purchases": str(lake / "events/import/purchases.parquet"),
        "items": str(lake / "catalog/items.parquet"),
    }
    with Engine() as engine:
        rows = engine.execute(BASKETS, {**files, "span_ms": SPAN_MS, "n_items": N_ITEMS, "n": n, "seed": seed})
    return [
        Visit(f"bench-{session}", visitor if number % 2 else None, items, categories[0])
        for number, (session, visitor, items, categories) in enumerate(rows)
    ]


def pages_of(visit: Visit) -> list[tuple[str, dict[str, Any]]]:
    """Kind and body of each page view, without a token."""
    cart = [{"item": item, "quantity": 1} for item in visit.items]
    home: tuple[str, dict[str, Any]] = ("home", _body(visit, {"type": "home"}))
    category = ("category", _body(visit, {"type": "category", "category": visit.category}))
    products = [
        ("product", _body(visit, {"type": "product", "item": item}, recent=list(reversed(visit.items[:at]))))
        for at, item in enumerate(visit.items)
    ]
    last = ("cart", _body(visit, {"type": "cart"}, recent=list(reversed(visit.items)), cart=cart))
    return [home, category, *products, last]


def _body(visit: Visit, page: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "session": visit.session,
        "page": {**page, "locale": "en"},
        "device": {"kind": "mobile"},
        "consent": ["personalization"],
        **more,
    }
