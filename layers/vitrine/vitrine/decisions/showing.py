"""From picks and their cards to what a row shows: what can be sold, in its slots, the last of them perhaps explored."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from vitrine.catalog.items import Card
from vitrine.decisions.actions import Explore, Lookup
from vitrine.decisions.answers import Slot
from vitrine.decisions.context import Context
from vitrine.decisions.filling import Arrangement, Pick, Picks
from vitrine.decisions.merchandising import Rule
from vitrine.decisions.randomness import rng_of
from vitrine.decisions.selection import selects
from vitrine.types import ItemId


def show(
    picks: Picks, cards: Mapping[ItemId, Card], context: Context, lookup: Lookup, taken: Collection[ItemId] = ()
) -> list[Slot]:
    """What can be bought right now, at most the row's size; nothing when that is below the row's floor.

    `taken` are the items that the page shows already. `lookup` fills the variables of labels.
    """

    def is_usable(pick: Pick) -> bool:
        return pick.item not in taken and _is_sellable(pick, cards.get(pick.item), context, picks.excluding)

    arrangement = picks.arrange(is_usable)
    if len(arrangement.shown) < max(1, picks.row.floor.min_items):
        return []
    tried = explore(arrangement, picks.row.explore, rng_of(context.decision, f"explore {picks.placement} {picks.part}"))
    return [
        _slot(pick, at, cards[pick.item], context, lookup, tried.propensity if at == tried.place else 1.0)
        for at, pick in enumerate(tried.shown)
    ]


def why_nothing(picks: Picks, cards: Mapping[ItemId, Card], context: Context, taken: Collection[ItemId] = ()) -> str:
    """The reason of a row that shows nothing: no_candidates, below_floor, sold_out, or no_cards in the catalogue."""
    if picks.reason is not None:
        return picks.reason
    left = [pick for pick in picks.all() if pick.item not in taken]
    if any(_is_sellable(pick, cards.get(pick.item), context, picks.excluding) for pick in left):
        return "below_floor"
    if not left:
        return "no_candidates"
    return "sold_out" if any(pick.item in cards for pick in left) else "no_cards"


def sponsored_shown(slots: Iterable[Slot], rules: Iterable[Rule]) -> Counter[str]:
    """How often each sponsored rule is shown in these slots."""
    paid = {rule.name for rule in rules if rule.kind == "sponsored"}
    return Counter(name for slot in slots if slot.sponsor is not None for name in slot.rules if name in paid)


@dataclass(frozen=True, slots=True)
class Tried:
    """Picks of which the one at `place` came there with this propensity, the others with certainty."""

    shown: Sequence[Pick]
    place: int | None = None
    propensity: float = 1.0


def explore(arrangement: Arrangement, how: Explore | None, rng: Random) -> Tried:
    """In a share of the decisions the last place of the flow goes to one of the best items left, all equally likely.

    The pool has the item that stands there otherwise, too, so that of m items each has share / m, and that one has
    1 - share more. It is drawn from what can be shown, cards seen, so the propensity is exact.
    """
    if how is None or arrangement.last is None:
        return Tried(arrangement.shown)
    pool = [arrangement.shown[arrangement.last], *arrangement.left][: how.pool]
    chosen = rng.randrange(len(pool)) if rng.random() < how.share else 0
    propensity = how.share / len(pool) + (0.0 if chosen else 1.0 - how.share)
    shown = list(arrangement.shown)
    shown[arrangement.last] = pool[chosen]
    return Tried(shown, arrangement.last, propensity)


def _slot(pick: Pick, at: int, card: Card, context: Context, lookup: Lookup, propensity: float) -> Slot:
    sponsor = label = None
    if pick.paid_by is not None:
        sponsor = pick.paid_by.sponsor or pick.paid_by.name
        payload = pick.paid_by.label
        label = sponsor if payload is None else payload.render(context.locale, lookup)
    return Slot(pick.item, at, card, pick.reason, pick.score, pick.rules, sponsor, label, propensity)


def _is_sellable(pick: Pick, card: Card | None, context: Context, excluding: Sequence[Rule]) -> bool:
    if card is None or card.price <= 0 or not card.is_in_stock(context.region_bit):
        return False
    return pick.index is not None or not any(selects(rule.items, pick.item, card) for rule in excluding)
