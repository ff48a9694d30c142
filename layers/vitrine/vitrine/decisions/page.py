"""Compose one page from what was found out: campaigns, candidates, ranking, rows, cards, answers."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from vitrine.catalog.items import Card
from vitrine.decisions.answers import Answer
from vitrine.decisions.bundles import partners
from vitrine.decisions.candidates import Candidates, merge, persona_scope
from vitrine.decisions.contest import Chosen, Contest
from vitrine.decisions.facts import PERSONA, Facts, Sources
from vitrine.decisions.filling import Filling, begin_page
from vitrine.decisions.findings import Findings
from vitrine.decisions.foresight import foresee
from vitrine.decisions.ladder import lacks_weather
from vitrine.decisions.merchandising import Rule, active_rules, emphasis_now
from vitrine.decisions.outcome import Filled, Telling, answer_of, fill_action, items_of, slots_of
from vitrine.decisions.placements import Placement, Store
from vitrine.decisions.ranking import Ranking, rank
from vitrine.decisions.reads import ReadCards, ReadRows, asked_for_shelves, shelf_keys
from vitrine.decisions.release import Release
from vitrine.decisions.showing import sponsored_shown
from vitrine.types import DAY_MS, Absent, ItemId
from vitrine.values import dataclass

SHELVES_AHEAD: Final = 3
"""Contenders per placement whose shelves are read ahead: the winner, and the next ones, should it show nothing."""

DISMISSED_DAYS: Final = 30
"""For so long an item that the visitor has hidden stays hidden."""


MAX_REFILLS: Final = 3
"""So often a page is filled anew because a campaign came to nothing once its cards were seen."""


@dataclass(frozen=True, slots=True)
class ComposedPage:
    """What a page would show. `shown` are the choices that came to something; `sponsored` counts items by rule."""

    answers: Sequence[Answer]
    skipped: Sequence[str]
    shown: Sequence[Chosen]
    sponsored: Mapping[str, int]
    facts: Facts
    ranking: Ranking
    elapsed_days: float


def compose(
    found: Findings,
    placements: Sequence[Placement],
    release: Release,
    read: ReadRows,
    read_cards: ReadCards,
    lap: Callable[[str], None],
) -> ComposedPage:
    """The page. Nothing is counted yet, so it may have to be composed again."""
    store, context = release.store, found.context
    facts = Facts(Sources(context, found.visit, found.profile, found.lists, store, found.weather, found.predicted))
    contest = _contest(found, store, facts, placements)
    candidates, all_seen = _candidates(found, contest, placements, release, facts, read, read_cards, lap)
    elapsed_days = max(0.0, context.now.timestamp() * 1000 - release.as_of_ms) / DAY_MS
    ranking = rank(candidates, release.ranker, elapsed_days)
    lap("rank")
    page = _begin(found, store, facts, placements, ranking)
    scene = _Scene(found, placements, release, facts, page, all_seen)
    told = _told(scene, contest, read_cards, lap)
    refused: list[Chosen] = []
    for _ in range(MAX_REFILLS):
        if not told.empty:
            break
        refused += told.empty
        told = _told(scene, _contest(found, store, facts, placements, refused), read_cards, lap)
    return ComposedPage(
        answers=told.answers,
        skipped=told.skipped,
        shown=told.shown,
        sponsored=_sponsored(told.answers, page.rules),
        facts=facts,
        ranking=ranking,
        elapsed_days=elapsed_days,
    )


def _contest(
    found: Findings, store: Store, facts: Facts, placements: Sequence[Placement], refused: Sequence[Chosen] = ()
) -> Contest:
    """The page's contest, without those that turned out to have nothing to show."""
    contest = Contest(store, facts, found.context, found.exposures, found.is_spent, found.denied)
    for chosen in refused:
        contest.refuse(chosen, "nothing_to_show")
    contest.reserve(placements)
    return contest


def _candidates(
    found: Findings,
    contest: Contest,
    placements: Sequence[Placement],
    release: Release,
    facts: Facts,
    read: ReadRows,
    read_cards: ReadCards,
    lap: Callable[[str], None],
) -> tuple[Candidates, bool]:
    """All items that the page's lists name, with the shelves that its rows ask for; whether all was read."""
    actions = [chosen.action for each in placements for chosen in islice(contest.of(each), SHELVES_AHEAD)]
    rows = [action.row for action in actions if action.row is not None]
    persona = persona_scope(facts(PERSONA)) if any(row.is_for_persona for row in rows) else None
    scopes = dict.fromkeys([*(path for row in rows for path in row.shelves), *([persona] if persona else [])])
    wanted = shelf_keys(found.context, release, scopes)
    shelves, all_seen = asked_for_shelves(wanted, read(list(wanted.values()))) if wanted else ({}, True)
    lap("campaigns")
    own = shelves.pop(persona, None) if persona else None
    following, is_foreseen = (
        foresee(found.visit, release, found.rows, read, read_cards)
        if any(row.looks_ahead for row in rows)
        else (None, True)
    )
    candidates = merge(replace(found.lists, named_shelves=shelves, persona_shelf=own, next_items=following))
    lap("candidates")
    return candidates, found.all_seen and all_seen and is_foreseen


def _begin(found: Findings, store: Store, facts: Facts, placements: Sequence[Placement], ranking: Ranking) -> Filling:
    """The page before any row is filled: its active rules, what the visitor has hidden, what is left of paid places."""
    now_ms = int(found.context.now.timestamp() * 1000)
    rules = active_rules(store.rules, facts, now_ms, [placement.name for placement in placements])
    dismissed = found.profile.dismissed(now_ms - DISMISSED_DAYS * DAY_MS) if found.profile is not None else ()
    return begin_page(
        ranking,
        found.context,
        found.visit,
        rules,
        dismissed,
        _sponsored_left(found, rules, now_ms),
        emphasis_now(store.seasons, store.warehouses, facts),
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all fillings of a page share. No row of `page` is filled."""

    found: Findings
    placements: Sequence[Placement]
    release: Release
    facts: Facts
    page: Filling
    all_seen: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """One filling of a page. `empty` are campaigns that won, and whose cards then left nothing to show."""

    answers: Sequence[Answer]
    skipped: Sequence[str]
    shown: Sequence[Chosen]
    empty: Sequence[Chosen]


def _told(scene: _Scene, contest: Contest, read_cards: ReadCards, lap: Callable[[str], None]) -> _Told:
    """Fill all placements, look at the cards, and tell what is shown."""
    filled = _fill(contest, scene.placements, scene.page)
    while contest.reopen():  # who was refused had kept others of its group from places that were filled before
        filled = _fill(contest, scene.placements, scene.page)
    lap("fill")
    wanted = [item for each in filled for item in each.items]
    if scene.release.store.bundles:
        wanted += partners(pick.reason for each in filled for picks in each.picks for pick in picks.all())
    cards = read_cards(list(dict.fromkeys(wanted)))
    lap("cards")
    there = {item: card for item, card in cards.items() if isinstance(card, Card)}
    skipped = _gave_up(scene, len(there) < len(cards) and Absent.NOT_READ in cards.values())
    answers = _answers(scene, filled, contest, there, skipped)
    nothing = {answer.placement for answer in answers if answer.kind == "none" and answer.reasons}
    chosen = [each.chosen for each in filled]
    won = [each for each in chosen if each.campaign is not None and not each.control]
    return _Told(
        answers=answers,
        skipped=skipped,
        shown=[each for each in chosen if each.control or each.placement.name not in nothing],
        empty=[each for each in won if each.placement.name in nothing],
    )


def _answers(
    scene: _Scene,
    filled: Sequence[Filled],
    contest: Contest,
    cards: Mapping[ItemId, Card],
    skipped: Sequence[str],
) -> list[Answer]:
    """The answers in the page's order, no item twice."""
    visit = scene.found.visit
    telling = Telling(
        scene.page,
        scene.facts,
        cards=cards,
        was_unread="lists" in skipped or "cards" in skipped,
        bestsellers=scene.release.bestsellers.get(scene.found.context.region, ()),
        bundles=scene.release.store.bundles,
    )
    taken: set[ItemId] = {*visit.cart, *([visit.page_item] if visit.page_item else [])}
    answers = []
    for each in filled:
        answer = answer_of(each, telling, taken, contest.considered(each.chosen.placement))
        if answer.kind != "sort":
            taken.update(items_of(answer))
        answers.append(answer)
    return answers


def _fill(contest: Contest, placements: Sequence[Placement], page: Filling) -> list[Filled]:
    """What each placement shows: the first contender that has something to show, else its own action."""
    filled: list[Filled] = []
    for placement in placements:
        page = filled[-1].rest() if filled else page
        for chosen in contest.of(placement):
            each = fill_action(chosen, page)
            if chosen.campaign is not None and each.is_empty and not chosen.control:
                contest.refuse(chosen, "nothing_to_show")
            elif contest.settle(chosen):
                break
        filled.append(each)
    return filled


def _gave_up(scene: _Scene, cards: bool) -> tuple[str, ...]:
    """The stages that gave up; whether `cards` did."""
    ranking = scene.page.ranking
    did = {
        "weather": lacks_weather(scene.found.rows),
        "profile": scene.found.profile is None,
        "lists": not scene.all_seen,
        "model": ranking.model is None and len(ranking.candidates) > 0,
        "cards": cards,
    }
    return tuple(stage for stage, gave_up in did.items() if gave_up)


def _sponsored_left(found: Findings, rules: Sequence[Rule], now_ms: int) -> dict[str, int]:
    """How often each sponsored rule with a cap may still be shown in this session; not at all if that is not known."""
    session = found.context.request.session
    return {
        rule.name: 0
        if found.exposures is None
        else max(0, rule.per_session - found.exposures.sponsored(rule.name, session, now_ms))
        for rule in rules
        if rule.kind == "sponsored" and rule.per_session is not None
    }


def _sponsored(answers: Sequence[Answer], rules: Sequence[Rule]) -> Counter[str]:
    capped = [rule for rule in rules if rule.per_session is not None]
    if not capped:
        return Counter()
    slots = (slot for answer in answers for slot in slots_of(answer))
    return sponsored_shown(slots, capped)
