"""From picks and their cards to what a row shows: what can be sold, in its slots, the last of them perhaps explored."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

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
    region_bit, excluding = context.region_bit, picks.excluding

    def is_usable(pick: Pick) -> bool:
        card = cards.get(pick.item)
        return card is not None and pick.item not in taken and _is_sellable(pick, card, region_bit, excluding)

    arrangement = picks.arrange(is_usable)
    if len(arrangement.shown) < max(1, picks.row.floor.min_items):
        return []
    tried = _tried(arrangement, picks, context)
    slots = [
        Slot(pick.item, at, cards[pick.item], pick.reason, pick.score, pick.rules)
        if pick.paid_by is None
        else _paid(pick, pick.paid_by, at, cards[pick.item], context, lookup)
        for at, pick in enumerate(tried.shown)
    ]
    if tried.place is not None:
        slots[tried.place] = slots[tried.place]._replace(propensity=tried.propensity)
    return slots


def why_nothing(picks: Picks, cards: Mapping[ItemId, Card], context: Context, taken: Collection[ItemId] = ()) -> str:
    """The reason of a row that shows nothing: no_candidates, below_floor, sold_out, or no_cards in the catalogue."""
    if picks.reason is not None:
        return picks.reason
    left = [pick for pick in picks.all() if pick.item not in taken]
    there = [(pick, cards[pick.item]) for pick in left if pick.item in cards]
    if any(_is_sellable(pick, card, context.region_bit, picks.excluding) for pick, card in there):
        return "below_floor"
    if not left:
        return "no_candidates"
    return "sold_out" if there else "no_cards"


def sponsored_shown(slots: Iterable[Slot], rules: Iterable[Rule]) -> Counter[str]:
    """How often each sponsored rule is shown in these slots."""
    paid = {rule.name for rule in rules if rule.kind == "sponsored"}
    return Counter(name for slot in slots if slot.sponsor is not None for name in slot.rules if name in paid)


class Tried(NamedTuple):
    """Picks of which the one at `place` came there with this propensity, the others with certainty."""

    shown: Sequence[Pick]
    place: int | None = None
    propensity: float = 1.0


def explore(arrangement: Arrangement, how: Explore, rng: Random) -> Tried:
    """In a share of the decisions the last place of the flow goes to one of the best items left, all equally likely.

    The pool has the item that stands there otherwise, too, so that of m items each has share / m, and that one has
    1 - share more. It is drawn from what can be shown, cards seen, so the propensity is exact.
    """
    if arrangement.last is None:
        return Tried(arrangement.shown)
    pool = [arrangement.shown[arrangement.last], *arrangement.left][: how.pool]
    chosen = rng.randrange(len(pool)) if rng.random() < how.share else 0
    propensity = how.share / len(pool) + (0.0 if chosen else 1.0 - how.share)
    shown = list(arrangement.shown)
    shown[arrangement.last] = pool[chosen]
    return Tried(shown, arrangement.last, propensity)


def _tried(arrangement: Arrangement, picks: Picks, context: Context) -> Tried:
    how = picks.row.explore
    if how is None:
        return Tried(arrangement.shown)
    return explore(arrangement, how, rng_of(context.decision, f"explore {picks.placement} {picks.part}"))


def _paid(pick: Pick, rule: Rule, at: int, card: Card, context: Context, lookup: Lookup) -> Slot:
    """A slot that says who paid for it."""
    sponsor = rule.sponsor or rule.name
    label = sponsor if rule.label is None else rule.label.render(context.locale, lookup)
    return Slot(pick.item, at, card, pick.reason, pick.score, pick.rules, sponsor, label)


def _is_sellable(pick: Pick, card: Card, region_bit: int, excluding: Sequence[Rule]) -> bool:
    """Whether it can be bought in the region of that bit, and no rule that only its card tells of keeps it out."""
    if card.price <= 0 or not card.is_in_stock(region_bit):
        return False
    return pick.candidate is not None or not any(selects(rule.items, pick.item, card) for rule in excluding)
