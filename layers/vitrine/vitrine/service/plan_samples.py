"""Page views made up for a plan: known visitors and a new one on the main pages of every region, as it is there now.

What they look at and have in the cart comes from their own lists; a new visitor looks at what sells best.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.catalog.packed import unpack
from vitrine.decisions.answers import Decision
from vitrine.decisions.context import DecisionRequest, Preview, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.release import Release
from vitrine.errors import InvalidRelease
from vitrine.service.plan_inputs import LiveInputs, grant, ignore_stage
from vitrine.types import Absent, CartLine, ItemId, Page, PageType, Purpose, RegionId, Row, Signals, VisitorId

AISLE_LEVELS: Final = 2
ALL: Final[frozenset[Purpose]] = frozenset({"personalization", "geo", "messages"})


@dataclass(frozen=True, slots=True)
class SampleView:
    """One page view that is made up. `scene` tells it from others of the same visitor, page and region."""

    who: str
    scene: str
    region: RegionId
    request: DecisionRequest

    @property
    def page(self) -> PageType:
        """See plan.View."""
        return self.request.page.type

    @property
    def id(self) -> str:
        """What its draws are seeded with: the same in every plan."""
        return f"plan {self.who} {self.scene} {self.region}"


@dataclass(frozen=True, slots=True)
class Goods:
    """What a visitor has to do with: items, the first dearest to them, and the aisle of the first."""

    items: Sequence[ItemId]
    aisle: str | None


def sample_views(visitors: Sequence[VisitorId], release: Release, live: LiveInputs) -> Iterator[SampleView]:
    """Views of these visitors and a new one: home, category, product, cart, and the cart when about to leave."""
    for region in release.store.regions:
        for visitor in (*visitors, None):
            who = "a new visitor" if visitor is None else f"visitor {visitor}"
            for scene, request in _scenes(visitor, region, _goods(visitor, region, release, live)):
                yield SampleView(who, scene, region, request)


class SampleDecisions:
    """Decides made-up page views as of one instant; see plan.DecideView."""

    def __init__(self, live: LiveInputs, now: datetime) -> None:
        self._live = live
        self._now = now

    def __call__(self, view: SampleView, release: Release, /) -> Decision:
        """The decision under the release's store."""
        context = resolve_context(view.id, self._now, view.request, release.store)
        return decide(context, release, self._live.read, self._live.read_cards, grant, ignore_stage)


def _scenes(visitor: VisitorId | None, region: RegionId, goods: Goods) -> Iterator[tuple[str, DecisionRequest]]:
    items = tuple(goods.items)
    cart = tuple(CartLine(item) for item in items[1:3])

    def request(page: Page, recent: Sequence[ItemId] = (), signals: Signals = Signals()) -> DecisionRequest:  # noqa: B008
        is_known = visitor is not None
        lines = cart if page.type == "cart" else ()
        shown = Preview(region=region)
        seen = tuple(recent) if is_known else ()
        return DecisionRequest(
            page, visitor, recent=seen, cart=lines, signals=signals, consent=ALL, preview=shown, session="plan"
        )

    yield "home", request(Page("home"), items[:2])
    if goods.aisle is not None:
        yield "category", request(Page("category", category=goods.aisle), items[:1])
    if items:
        yield "product", request(Page("product", item=items[0], category=goods.aisle), items[1:3])
    yield "cart", request(Page("cart"), items[:1])
    yield "cart, leaving", request(Page("cart"), items[:1], Signals(exit_intent=True))


def _goods(visitor: VisitorId | None, region: RegionId, release: Release, live: LiveInputs) -> Goods:
    """Their own items, else those of the region's shelf; none where there are no lists."""
    shelf = keys.shelf(region, None, release.lists)
    own = shelf if visitor is None else keys.personal(visitor, release.lists)
    rows = live.read([own, shelf])
    items = _items(rows[own]) or _items(rows[shelf])
    card = live.read_cards(items[:1]).get(items[0]) if items else None
    return Goods(items, "/".join(card.category.split("/")[:AISLE_LEVELS]) if isinstance(card, Card) else None)


def _items(row: Row | Absent) -> Sequence[ItemId]:
    data = None if isinstance(row, Absent) else row.get("table")
    if not isinstance(data, bytes):
        return ()
    try:
        return unpack(data).ids[:3]
    except InvalidRelease:
        return ()
