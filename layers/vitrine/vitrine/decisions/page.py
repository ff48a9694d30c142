"""Compose one page from what was found out: campaigns, candidates, ranking, rows, cards, answers."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from vitrine.catalog.items import Card
from vitrine.decisions.answers import Answer
from vitrine.decisions.candidates import Candidates, merge
from vitrine.decisions.contest import Chosen, Contest
from vitrine.decisions.facts import Facts, Sources
from vitrine.decisions.filling import Filling, begin_page
from vitrine.decisions.findings import Findings
from vitrine.decisions.merchandising import Rule, active_rules
from vitrine.decisions.outcome import Filled, Telling, answer_of, fill_action
from vitrine.decisions.placements import Placement
from vitrine.decisions.ranking import Ranking, rank
from vitrine.decisions.reads import ReadCards, ReadRows, named_shelves, shelf_keys
from vitrine.decisions.release import Release
from vitrine.decisions.showing import sponsored_shown
from vitrine.types import DAY_MS, Absent, ItemId

SHELVES_AHEAD: Final = 2
"""Contenders per placement whose shelves are read ahead: the winner, and the next one, should it show nothing."""

DISMISSED_DAYS: Final = 30
"""For so long an item that the visitor has hidden stays hidden."""


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
    facts = Facts(Sources(context, found.visit, found.profile, found.lists, store, found.weather))
    contest = Contest(store, facts, context, found.exposures, found.is_spent, found.denied)
    candidates, all_seen = _candidates(found, contest, placements, release, read, lap)
    elapsed_days = max(0.0, context.now.timestamp() * 1000 - release.as_of_ms) / DAY_MS
    ranking = rank(candidates, release.ranker, elapsed_days)
    lap("rank")
    rules = active_rules(
        store.rules, facts, int(context.now.timestamp() * 1000), [placement.name for placement in placements]
    )
    page = begin_page(ranking, context, found.visit, rules, _dismissed(found), _sponsored_left(found, rules))
    filled = _fill(contest, placements, page)
    lap("fill")
    cards = read_cards(list(dict.fromkeys(item for each in filled for item in each.items)))
    lap("cards")
    gave_up = {
        "profile": found.profile is None,
        "lists": not all_seen,
        "model": ranking.model is None and len(candidates) > 0,
        "cards": Absent.NOT_READ in cards.values(),
    }
    skipped = tuple(stage for stage, did in gave_up.items() if did)
    answers = _answers(filled, cards, found, release, facts, candidates, skipped)
    came_to_nothing = {answer.placement for answer in answers if answer.kind == "none" and answer.reasons}
    return ComposedPage(
        answers=[
            replace(answer, considered=contest.considered(each.chosen.placement))
            for answer, each in zip(answers, filled, strict=True)
        ],
        skipped=skipped,
        shown=[
            each.chosen for each in filled if each.chosen.control or each.chosen.placement.name not in came_to_nothing
        ],
        sponsored=_sponsored(answers, rules),
        facts=facts,
        ranking=ranking,
        elapsed_days=elapsed_days,
    )


def _candidates(
    found: Findings,
    contest: Contest,
    placements: Sequence[Placement],
    release: Release,
    read: ReadRows,
    lap: Callable[[str], None],
) -> tuple[Candidates, bool]:
    """All items that the page's lists name, with the shelves that its campaigns ask for; whether all was read."""
    rows = (chosen.action.row for each in placements for chosen in islice(contest.of(each), SHELVES_AHEAD))
    wanted = shelf_keys(
        found.context, release, dict.fromkeys(path for row in rows if row is not None for path in row.shelves)
    )
    shelves, all_seen = named_shelves(wanted, read(list(wanted.values()))) if wanted else ({}, True)
    lap("campaigns")
    candidates = merge(replace(found.lists, named_shelves=shelves))
    lap("candidates")
    return candidates, found.all_seen and all_seen


def _fill(contest: Contest, placements: Sequence[Placement], page: Filling) -> list[Filled]:
    """What each placement shows: the first contender that has something to show, else its own action."""
    filled = []
    for placement in placements:
        for chosen in contest.of(placement):
            each = fill_action(chosen, page)
            if chosen.campaign is not None and each.is_empty and not chosen.control:
                contest.refuse(chosen, "nothing_to_show")
            elif contest.settle(chosen):
                break
        filled.append(each)
        page = each.page
    return filled


def _answers(
    filled: Sequence[Filled],
    cards: Mapping[ItemId, Card | Absent],
    found: Findings,
    release: Release,
    facts: Facts,
    candidates: Candidates,
    skipped: Sequence[str],
) -> list[Answer]:
    """The answers in the page's order, no item twice."""
    visit = found.visit
    live = {item: card for item, card in cards.items() if isinstance(card, Card)}
    telling = Telling(
        found.context,
        facts,
        candidates,
        live,
        was_unread="lists" in skipped or "cards" in skipped,
        bestsellers=release.bestsellers.get(found.context.region, ()),
    )
    taken: set[ItemId] = {*visit.cart, *([visit.page_item] if visit.page_item else [])}
    answers = []
    for each in filled:
        answer = answer_of(each, telling, taken)
        if answer.kind != "sort":
            taken.update(slot.item for slot in answer.items)
            taken.update(slot.item for shelf in answer.rows for slot in shelf.items)
        answers.append(answer)
    return answers


def _dismissed(found: Findings) -> frozenset[ItemId]:
    if found.profile is None:
        return frozenset()
    return frozenset(found.profile.dismissed(int(found.context.now.timestamp() * 1000) - DISMISSED_DAYS * DAY_MS))


def _sponsored_left(found: Findings, rules: Sequence[Rule]) -> dict[str, int]:
    """How often each sponsored rule with a cap may still be shown in this session; not at all if that is not known."""
    now_ms, session = int(found.context.now.timestamp() * 1000), found.context.request.session
    return {
        rule.name: 0
        if found.exposures is None
        else max(0, rule.per_session - found.exposures.sponsored(rule.name, session, now_ms))
        for rule in rules
        if rule.kind == "sponsored" and rule.per_session is not None
    }


def _sponsored(answers: Sequence[Answer], rules: Sequence[Rule]) -> Counter[str]:
    capped = [rule for rule in rules if rule.per_session is not None]
    slots = [slot for answer in answers for slot in (*answer.items, *(s for shelf in answer.rows for s in shelf.items))]
    return sponsored_shown(slots, capped)
