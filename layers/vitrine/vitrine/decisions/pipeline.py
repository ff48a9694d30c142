"""One decision from end to end. Reads like the table of steps in the README; every step is a pure function.

Everything that is not in the context or the release comes through `read`, so a decision replays from its rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.decisions.candidates import Role, merge
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Placement
from vitrine.decisions.ranking import rank
from vitrine.decisions.reads import lists_of, wanted_keys
from vitrine.decisions.release import Release
from vitrine.decisions.slots import Picks, Reason, Slot, fill, show
from vitrine.decisions.visit import Visit, at_home, resolve_visit
from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, Absent, ItemId, Key, PlacementKind, Rows
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import parse_profile

ReadRows: TypeAlias = Callable[[Sequence[Key]], Rows]
"""Rows of the keys; NOT_READ instead of an error when the store does not answer in time."""

ReadCards: TypeAlias = Callable[[Sequence[ItemId]], Mapping[ItemId, Card | Absent]]
"""Live cards of the items, cached or read."""

Lap: TypeAlias = Callable[[str], None]
"""Called with the name of the stage that just ended."""

BESTSELLERS: Final = "bestsellers"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one placement shows. `fallback` names what stood in for the strategies; `reasons` says why it is empty."""

    placement: str
    kind: PlacementKind
    title: str
    items: Sequence[Slot]
    fallback: str | None
    reasons: Sequence[str]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one page view. `skipped` names the stages that gave up; `model` is None when no model scored.

    `seeds` and `elapsed_days` are what the features were computed from, beside rows of the release.
    """

    id: str
    release: str
    model: str | None
    region: str
    placements: Sequence[Answer]
    skipped: Sequence[str]
    seeds: Sequence[tuple[ItemId, Role, float]]
    elapsed_days: float


def decide(context: Context, release: Release, read: ReadRows, read_cards: ReadCards, lap: Lap) -> Decision:
    """Decide every placement of one page view.

    Raises:
        InvalidField: the request names a placement that the store does not have. Nothing else: what cannot be read
            or is damaged is listed in `skipped`.
    """
    request = context.request
    placements = release.store.placements_of(request.page.type, request.placements)
    visit = resolve_visit(request, None, context.now)
    rows = dict(read(wanted_keys(context, visit, release.id)))
    profile = _profile(context, rows)
    context, visit = at_home(context, profile, release.store), resolve_visit(request, profile, context.now)
    rows.update(_read_rest(read, wanted_keys(context, visit, release.id), rows))
    lap("read")
    lists, all_seen = lists_of(context, visit, release.id, rows)
    candidates = merge(lists)
    lap("candidates")
    elapsed_days = max(0.0, context.now.timestamp() * 1000 - release.as_of_ms) / DAY_MS
    ranking = rank(candidates, release.ranker, elapsed_days)
    lap("rank")
    filled = fill(placements, ranking, context, visit)
    lap("fill")
    cards = read_cards(list(dict.fromkeys(pick.item for picks in filled for pick in picks.picks)))
    lap("cards")
    gave_up = {
        "profile": profile is None,
        "lists": not all_seen,
        "model": ranking.model is None and len(candidates) > 0,
        "cards": Absent.NOT_READ in cards.values(),
    }
    skipped = tuple(stage for stage, did in gave_up.items() if did)
    answers = _answers(filled, cards, context, release, visit, skipped)
    return Decision(
        context.decision, release.id, ranking.model, context.region, answers, skipped, visit.seeds(), elapsed_days
    )


def _profile(context: Context, rows: Rows) -> Profile | None:
    """The visitor's profile, empty for a new one; None when it could not be read."""
    visitor = context.request.visitor
    if visitor is None:
        return Profile()
    try:
        return parse_profile(rows.get(keys.profile(visitor), Absent.NOT_READ), context.now).profile
    except DependencyFailed:
        return None


def _read_rest(read: ReadRows, wanted: Sequence[Key], rows: Rows) -> Rows:
    """Rows of what only the profile revealed, the visitor's home shelf or last items: a second read, and only then."""
    rest = [key for key in wanted if key not in rows]
    return read(rest) if rest else {}


def _answers(
    filled: Sequence[Picks],
    cards: Mapping[ItemId, Card | Absent],
    context: Context,
    release: Release,
    visit: Visit,
    skipped: Sequence[str],
) -> list[Answer]:
    live = {item: card for item, card in cards.items() if isinstance(card, Card)}
    answers = []
    shown: set[ItemId] = {*visit.cart, *([visit.page_item] if visit.page_item else [])}
    for picks in filled:
        slots = show(picks, live, context.region_bit)
        answer = _answer(picks.placement, slots, context.locale, picks.dropped)
        if not slots:
            answer = replace(answer, reasons=(_why_empty(picks, live, skipped),))
        if answer.reasons in (("not_read",), ("no_cards",)) and picks.placement.takes_bestsellers:
            answer = _stand_in(answer, picks.placement.size, release.bestsellers.get(context.region, ()), shown)
        shown.update(slot.item for slot in answer.items)
        answers.append(answer)
    return answers


def _answer(placement: Placement, slots: Sequence[Slot], locale: str, dropped: Mapping[str, int]) -> Answer:
    kind: PlacementKind = "products" if slots else "none"
    return Answer(placement.name, kind, placement.title[locale], slots, None, (), dropped)


def _why_empty(picks: Picks, live: Mapping[ItemId, Card], skipped: Sequence[str]) -> str:
    """The reason of an empty placement: nobody could look, the catalogue has no cards, sold out, or nothing fits."""
    if "lists" in skipped or "cards" in skipped:
        return "not_read"
    if not picks.picks:
        return "no_candidates"
    return "sold_out" if any(pick.item in live for pick in picks.picks) else "no_cards"


def _stand_in(answer: Answer, size: int, bestsellers: Sequence[tuple[ItemId, Card]], shown: set[ItemId]) -> Answer:
    """The release's own bestsellers, held in memory, where lists or cards could not be had."""
    left = [(item, card) for item, card in bestsellers if item not in shown][:size]
    slots = [Slot(item, index, card, Reason(BESTSELLERS)) for index, (item, card) in enumerate(left)]
    return replace(answer, kind="products", items=slots, fallback=BESTSELLERS) if slots else answer
