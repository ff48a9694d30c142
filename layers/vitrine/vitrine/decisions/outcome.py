"""From the choice for a placement to its answer: fill its action, then tell what it shows and, if nothing, why."""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Any, Final, NamedTuple

from vitrine.catalog.items import Card
from vitrine.decisions.actions import SECTORS, Action, Lookup, ProductRow, Sort
from vitrine.decisions.answers import Answer, Considered, Reason, Shelf, Slot
from vitrine.decisions.bundles import BundleOffer, bundle_of
from vitrine.decisions.content import liking_of, merge_over, render_content
from vitrine.decisions.contest import Chosen
from vitrine.decisions.context import Context
from vitrine.decisions.filling import Filling, Picks
from vitrine.decisions.likings import likings
from vitrine.decisions.merchandising import concerns
from vitrine.decisions.ranking import bought_lately
from vitrine.decisions.rows import fill_shelves, show_shelves
from vitrine.decisions.selection import selects
from vitrine.decisions.showing import show, why_nothing
from vitrine.decisions.slots import fill_row
from vitrine.decisions.sorting import sort_listing
from vitrine.types import ItemId
from vitrine.values import dataclass

BESTSELLERS: Final = "bestsellers"
NO_LISTING: Final = "no_listing"
GOODS: Final = "goods"
"""Where the content of an overlay holds the title of its row, unless the campaign says it there."""


class Filled(NamedTuple):
    """A choice with its rows of picks, filled from what of the `page` was left."""

    chosen: Chosen
    picks: Sequence[Picks]
    page: Filling

    @property
    def is_empty(self) -> bool:
        """Whether it would show nothing although it means to."""
        action = self.chosen.action
        if action.kind == "sort":
            return not self.page.context.request.listing
        return needs_items(action) and all(picks.is_empty for picks in self.picks)

    @property
    def items(self) -> list[ItemId]:
        """The items whose cards are wanted."""
        return [item for picks in self.picks for item in picks.items]

    def rest(self) -> Filling:
        """What is left of the page for the placements after it."""
        return reduce(Filling.after, self.picks, self.page)


def needs_items(action: Action) -> bool:
    """Whether it is nothing without items: not an overlay that has something to say, unless its floor insists."""
    return action.row is not None and (action.kind != "overlay" or action.row.floor.min_items > 1)


@dataclass(frozen=True, slots=True)
class Telling:
    """What answers are made of. `page` is as it was before any row was filled. `was_unread`: lists or cards could not
    be read. `bestsellers` may stand in for them. `bundles` are the store's offers for sets."""

    page: Filling
    facts: Lookup
    cards: Mapping[ItemId, Card]
    was_unread: bool
    bestsellers: Sequence[tuple[ItemId, Card]]
    bundles: Sequence[BundleOffer] = ()

    @property
    def context(self) -> Context:
        """The circumstances."""
        return self.page.context


def fill_action(chosen: Chosen, page: Filling) -> Filled:
    """The action's rows filled from the page's candidates."""
    row, name = chosen.action.row, chosen.placement.name
    if row is None:
        return Filled(chosen, (), page)
    return Filled(chosen, fill_shelves(row, name, page) if row.rows else (fill_row(row, name, page),), page)


class _Shown(NamedTuple):
    """What a placement comes to, beside what its choice says already. With `nothing` it is empty, for the reasons."""

    items: Sequence[Slot] = ()
    rows: Sequence[Shelf] = ()
    fallback: str | None = None
    reasons: Sequence[str] = ()
    nothing: bool = False


def answer_of(
    filled: Filled, telling: Telling, taken: Collection[ItemId], considered: Sequence[Considered] = ()
) -> Answer:
    """What the placement shows. `taken` are items that the page shows already, `considered` who wanted the place."""
    chosen, action = filled.chosen, filled.chosen.action
    shown = _shown(filled, telling, taken)
    return Answer(
        placement=chosen.placement.name,
        kind="none" if shown.nothing else action.kind,
        content=_content(action, telling),
        items=shown.items,
        rows=shown.rows,
        mechanic=action.mechanic,
        campaign=chosen.campaign.name if chosen.campaign is not None else None,
        variation=chosen.variation,
        control=chosen.control,
        fallback=shown.fallback,
        reasons=shown.reasons,
        dropped=filled.picks[0].dropped if filled.picks else {},
        considered=considered,
        live=None if chosen.control or shown.nothing else chosen.live,
    )


def _shown(filled: Filled, telling: Telling, taken: Collection[ItemId]) -> _Shown:
    action = filled.chosen.action
    if action.sort is not None:
        return _sorted(filled, action.sort, telling)
    if action.row is None:
        return _Shown()
    return _with_items(action.row, filled, telling, taken)


def _content(action: Action, telling: Telling) -> Any:  # noqa: ANN401 - any JSON
    locale = telling.context.locale
    if action.content is not None:
        liking = liking_of(likings(telling.page.ranking.candidates)) if action.content.covers else _no_liking
        content = render_content(action.content, locale, telling.facts, liking)
        if action.row is not None:  # an overlay's
            content = merge_over({GOODS: action.row.title.render(locale, telling.facts)}, content)
        if action.wheel is None:
            return content
        return merge_over(content, {SECTORS: action.wheel.sectors.render(locale, telling.facts)})
    if action.row is not None and not action.row.rows:
        return {"title": action.row.title.render(locale, telling.facts)}
    return None


def _no_liking(category: str) -> float:
    return 0.0


def _sorted(filled: Filled, sort: Sort, telling: Telling) -> _Shown:
    listing = telling.context.request.listing
    if not listing:
        return _Shown(reasons=(NO_LISTING,), nothing=True)
    return _Shown(sort_listing(sort, listing, filled.page.ranking))


def _with_items(row: ProductRow, filled: Filled, telling: Telling, taken: Collection[ItemId]) -> _Shown:
    context, cards = telling.context, telling.cards
    shown = _Shown()
    if row.rows:
        shown = _Shown(rows=show_shelves(filled.picks, cards, context, telling.facts, taken))
    elif filled.picks:
        slots = show(filled.picks[0], cards, context, telling.facts, taken)
        shown = _Shown(_bundled(slots, telling) if telling.bundles else slots)
    if shown.items or shown.rows or not needs_items(filled.chosen.action):
        return shown
    why = _why_empty(filled.picks, telling, taken)
    slots = []
    if why in ("not_read", "no_cards") and row.takes_bestsellers:
        slots = _stood_in(filled.chosen.placement.name, row, telling, taken)
    return _Shown(slots, fallback=BESTSELLERS, reasons=(why,)) if slots else _Shown(reasons=(why,), nothing=True)


def _bundled(slots: Sequence[Slot], telling: Telling) -> list[Slot]:
    return [slot._replace(bundle=bundle_of(slot.item, slot.reason, telling.cards, telling.bundles)) for slot in slots]


def _why_empty(filled: Sequence[Picks], telling: Telling, taken: Collection[ItemId]) -> str:
    if telling.was_unread:
        return "not_read"
    return why_nothing(filled[0], telling.cards, telling.context, taken) if filled else "no_candidates"


def _stood_in(placement: str, row: ProductRow, telling: Telling, taken: Collection[ItemId]) -> list[Slot]:
    """The release's own bestsellers, held in memory, where lists or cards could not be had."""
    page = telling.page
    hidden = {*taken, *page.dismissed, *bought_lately(page.visit, page.context.now, row.hide_bought_days)}
    bars = [rule for rule in page.rules if rule.kind in ("only", "exclude") and concerns(rule, (placement,))]
    left = [
        (item, card)
        for item, card in telling.bestsellers
        if item not in hidden and all(selects(rule.items, item, card) == (rule.kind == "only") for rule in bars)
    ]
    return [Slot(item, index, card, Reason(BESTSELLERS)) for index, (item, card) in enumerate(left[: row.size])]


def slots_of(answer: Answer) -> list[Slot]:
    """Every slot of an answer, those of its rows included."""
    return [*answer.items, *(slot for shelf in answer.rows for slot in shelf.items)]


def items_of(answer: Answer) -> list[ItemId]:
    """The items that an answer shows."""
    return [slot.item for slot in slots_of(answer)]
