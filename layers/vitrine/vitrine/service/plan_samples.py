"""Page views made up for a plan: known visitors and a new one on every page type in every region, as it is there now.

What they look at and have in the cart comes from their own lists; a new visitor looks at what sells best. Listings are
those of the region's shelf.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.catalog.packed import unpack
from vitrine.decisions.answers import Decision
from vitrine.decisions.context import DecisionRequest, Options, Preview, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.release import Release
from vitrine.errors import InvalidRelease
from vitrine.service.plan_inputs import LiveInputs, grant, ignore_stage
from vitrine.types import Absent, CartLine, ItemId, Page, PageType, Purpose, RegionId, Row, Signals, VisitorId
from vitrine.values import dataclass

AISLE_LEVELS: Final = 2
N_OWN: Final = 3
N_LISTED: Final = 24
NOTHING: Final = Preview()
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
    """What a visitor has to do with: items, the first dearest to them, title and aisle of the first, and what the
    pages of its aisle and of a search for it list."""

    items: Sequence[ItemId]
    title: str | None
    aisle: str | None
    listing: Sequence[ItemId]


def sample_views(
    visitors: Sequence[VisitorId], release: Release, live: LiveInputs, supposed: Preview = NOTHING
) -> Iterator[SampleView]:
    """Views of these visitors and a new one: every page type, and the cart once more when about to leave.

    They are in every region, also where circumstances are supposed.
    """
    for region in release.store.regions:
        preview = replace(supposed, region=region)
        for visitor in (*visitors, None):
            who = "a new visitor" if visitor is None else f"visitor {visitor}"
            for scene, request in _scenes(visitor, preview, _goods(visitor, region, release, live)):
                yield SampleView(who, scene, region, request)


class SampleDecisions:
    """Decides made-up page views as of one instant; see plan.DecideView."""

    def __init__(self, live: LiveInputs, now: datetime) -> None:
        self._live = live
        self._now = now

    def __call__(self, view: SampleView, release: Release, /, *, explain: bool = False) -> Decision:
        """The decision under the release's store."""
        request = replace(view.request, options=Options(explain=explain))
        context = resolve_context(view.id, self._now, request, release.store)
        return decide(context, release, self._live.read, self._live.read_cards, grant, ignore_stage)


def _scenes(visitor: VisitorId | None, preview: Preview, goods: Goods) -> Iterator[tuple[str, DecisionRequest]]:
    for scene, request in _pages(goods):
        recent = request.recent if visitor is not None else ()
        yield scene, replace(request, visitor=visitor, recent=recent, consent=ALL, preview=preview, session="plan")


def _pages(goods: Goods) -> Iterator[tuple[str, DecisionRequest]]:
    """Scenes, with what their pages say."""
    items, listing = tuple(goods.items), tuple(goods.listing)
    cart = tuple(CartLine(item) for item in items[1:3])
    last = items[:1]
    yield "home", DecisionRequest(Page("home"), recent=items[:2])
    if goods.aisle is not None:
        yield "category", DecisionRequest(Page("category", category=goods.aisle), recent=last, listing=listing)
    if items:
        yield "product", DecisionRequest(Page("product", item=items[0], category=goods.aisle), recent=items[1:3])
    yield "search", DecisionRequest(Page("search", query=goods.title), recent=last, listing=listing)
    yield "favourites", DecisionRequest(Page("favourites"), recent=last)
    yield "cart", DecisionRequest(Page("cart"), recent=last, cart=cart)
    yield "cart, leaving", DecisionRequest(Page("cart"), recent=last, cart=cart, signals=Signals(exit_intent=True))
    yield "checkout", DecisionRequest(Page("checkout"), recent=last, cart=cart)
    yield "order", DecisionRequest(Page("order"), recent=last)
    yield "other", DecisionRequest(Page("other"), recent=items[:2])


def _goods(visitor: VisitorId | None, region: RegionId, release: Release, live: LiveInputs) -> Goods:
    """Their own items, else those of the region's shelf; none where there are no lists."""
    shelf = keys.shelf(region, None, release.lists)
    own = shelf if visitor is None else keys.personal(visitor, release.lists)
    rows = live.read([own, shelf])
    items = (_items(rows[own]) or _items(rows[shelf]))[:N_OWN]
    card = live.read_cards(items[:1]).get(items[0]) if items else None
    if not isinstance(card, Card):
        return Goods(items, None, None, _items(rows[shelf])[:N_LISTED])
    aisle = "/".join(card.category.split("/")[:AISLE_LEVELS])
    of_aisle = keys.shelf(region, aisle, release.lists)
    listing = _items(live.read([of_aisle])[of_aisle]) or _items(rows[shelf])
    return Goods(items, card.title, aisle, listing[:N_LISTED])


def _items(row: Row | Absent) -> Sequence[ItemId]:
    data = None if isinstance(row, Absent) else row.get("table")
    if not isinstance(data, bytes):
        return ()
    try:
        return unpack(data).ids
    except InvalidRelease:
        return ()
