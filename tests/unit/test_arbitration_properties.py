"""Caps, exclusive groups, budgets, holdout and priority hold for any order of page views, overlapping ones too."""

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.contests import (
    FOOT,
    HERO,
    HOUR_MS,
    NOW_MS,
    SIDE,
    campaign,
    contest,
    facts,
    filled,
    store,
    view,
    when,
)
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.campaigns import Budget, Campaign, Cap, index_campaigns
from vitrine.decisions.claims import ClaimOutcome, Claims, budget_keys, claims_of, spent
from vitrine.decisions.contest import Contest
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Store
from vitrine.errors import DependencyFailed
from vitrine.rules.bucketing import hash_value
from vitrine.rules.experiments import Experiment, assign
from vitrine.service.claims import Counter
from vitrine.types import Absent, Key, Row, Rows
from vitrine.visitors.exposures import Exposures, parse_exposures
from vitrine.visitors.trails import GAP_MS

MINUTE_MS = 60_000
ROUNDS = 3


class Flaky(MemoryTable):
    """A table whose next write is done and then said to have failed, as when an answer is lost."""

    loses_answer = False

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """Replaces, and perhaps does not say so."""
        done = super().replace(key, row, expected_rev, timeout_s)
        if self.loses_answer:
            raise DependencyFailed("table", "no answer")
        return done


@dataclass(frozen=True)
class Seen:
    """What was shown to a visitor."""

    campaign: Campaign
    visitor: str
    at_ms: int
    session: str | None


@dataclass
class Shop:
    """A shop whose page views overlap: each reads at one time, perhaps an old state, and counts at a later one."""

    store: Store
    table: Flaky = field(default_factory=Flaky)
    history: dict[str, list[Row | Absent]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    waiting: list["Waiting"] = field(default_factory=list)

    def begin(self, context: Context, stale: int) -> "Waiting":
        """Read, and decide on what was read."""
        visitor = context.request.visitor or ""
        past = self.history.setdefault(visitor, [Absent.MISSING])
        row = past[-1 - min(stale, len(past) - 1)]
        waiting = Waiting(context, row, self.table.read(budget_keys(self.store.campaigns, [HERO, SIDE], context), 1.0))
        self.waiting.append(waiting)
        return waiting

    def finish(self, waiting: "Waiting", *, loses_answer: bool) -> None:
        """Decide, count, decide again if need be; what is granted is shown."""
        self.waiting.remove(waiting)
        visitor = waiting.context.request.visitor or ""
        self.table.loses_answer = loses_answer
        denied: dict[str, Any] = {}
        paid: set[str] = set()
        for _ in range(ROUNDS):
            stored = parse_exposures(waiting.row, waiting.context.now)
            one = self._decide(waiting, stored.exposures, denied)
            claims = claims_of(one.settled, {}, stored.exposures, stored.rev, waiting.context, paid)
            outcome = self._claim(visitor, claims)
            if outcome.is_granted:
                break
            denied.update(outcome.denied)
            paid.update(outcome.paid)
            waiting.row = waiting.row if outcome.fresh is None else outcome.fresh
            if outcome.uncounted:
                one = self._decide(waiting, None, denied, uncounted=True)
                break
        else:
            one = self._decide(waiting, None, denied, uncounted=True)
        self._show(one, waiting.context)
        now = self.table.rows.get(keys.shown(visitor), Absent.MISSING)
        if now != self.history[visitor][-1]:
            self.history[visitor].append(now)

    def _decide(
        self, waiting: "Waiting", exposures: Exposures | None, denied: Mapping[str, Any], *, uncounted: bool = False
    ) -> Contest:
        is_spent = (lambda _: None) if uncounted else spent(waiting.budgets, waiting.context)
        one = Contest(self.store, facts(waiting.context), waiting.context, exposures, is_spent, denied)
        one.reserve((HERO, SIDE))
        for placement in (HERO, SIDE):
            assert one.settle(next(one.of(placement)))
        assert not one.reopen()
        return one

    def _claim(self, visitor: str, claims: Claims | None) -> ClaimOutcome:
        return ClaimOutcome() if claims is None else Counter(self.table).claim(visitor, claims, 1.0)

    def _show(self, one: Contest, context: Context) -> None:
        shown = {chosen.campaign.name: chosen.campaign for chosen in one.settled if chosen.campaign is not None}
        groups = [each.group for each in shown.values() if each.group is not None]
        assert len(groups) == len(set(groups))
        at_ms, request = int(context.now.timestamp() * 1000), context.request
        self.seen += [Seen(each, request.visitor or "", at_ms, request.session) for each in shown.values()]


@dataclass(eq=False)
class Waiting:
    """A page view between its read and its count."""

    context: Context
    row: Row | Absent
    budgets: Rows


CAPS = st.lists(
    st.one_of(
        st.builds(Cap, st.integers(1, 3), st.just("session")),
        st.builds(Cap, st.integers(1, 3), st.just("period"), st.sampled_from([MINUTE_MS, 20 * MINUTE_MS, HOUR_MS])),
        st.builds(Cap, st.integers(1, 6), st.just("period"), st.none()),
    ),
    max_size=2,
).map(tuple)
BUDGETS = st.none() | st.builds(Budget, st.integers(2, 9), st.sampled_from([None, "day", "week"]), st.integers(1, 2))


@st.composite
def stores(draw: st.DrawFn) -> Store:
    """A store of a few campaigns with all that is counted, sorted by priority."""
    campaigns = [
        campaign(
            f"c{n}",
            at=draw(st.sampled_from([["hero"], ["side"], ["hero", "side"]])),
            priority=draw(st.integers(0, 2)),
            caps=draw(CAPS),
            group=draw(st.sampled_from([None, "g1", "g1", "g2"])),
            budget=draw(BUDGETS),
            control=draw(st.sampled_from([0.0, 0.5])),
        )
        for n in range(draw(st.integers(1, 6)))
    ]
    return store(*campaigns)


VIEWS = st.lists(
    st.tuples(
        st.sampled_from(["v1", "v1", "v1", "v2"]),
        st.sampled_from([None, "s1", "s2", "s3"]),
        st.builds(lambda tens, off: 10 * MINUTE_MS * tens + off, st.integers(-6, 9), st.sampled_from([0, 0, 1, -1])),
        st.integers(0, 3),  # how old the state is that the read finds
        st.integers(0, 4),  # how many page views begin before this one is counted
        st.sampled_from([False] * 9 + [True]),  # whether the answer to its write is lost
    ),
    min_size=15,  # Hypothesis makes lists of twice the least size
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(stores(), VIEWS)
def test_caps_groups_and_budgets_hold_in_any_order(shop_store: Store, views: list[tuple[Any, ...]]) -> None:
    """Times run back and forth, reads are stale, views overlap, answers get lost: nothing is shown too often."""
    shop = Shop(shop_store)
    due: list[tuple[int, bool, Waiting]] = []
    for step, (visitor, session, at_ms, stale, delay, loses_answer) in enumerate(views):
        waiting = shop.begin(view(visitor, session=session, at_ms=NOW_MS + at_ms), stale)
        due.append((step + delay, loses_answer, waiting))
        for each in [each for each in due if each[0] <= step]:
            due.remove(each)
            shop.finish(each[2], loses_answer=each[1])
    for _, loses_answer, waiting in due:
        shop.finish(waiting, loses_answer=loses_answer)
    for visitor in ("v1", "v2"):
        seen = [each for each in shop.seen if each.visitor == visitor]
        check_groups(seen)
        for each in shop_store.campaigns:
            for cap in each.caps:
                check_cap(cap, [showing for showing in seen if showing.campaign is each])
    for each in shop_store.campaigns:
        if each.budget is not None:
            check_budget(each.budget, [showing for showing in shop.seen if showing.campaign is each], shop.table, each)


def check_groups(seen: list[Seen]) -> None:
    """No two campaigns of a group in one session; without ids, not within half an hour."""
    for number, one in enumerate(seen):
        for other in seen[:number]:
            if one.campaign.group is not None and one.campaign.group == other.campaign.group:
                if one.campaign is not other.campaign and one.session and other.session:
                    assert one.session != other.session
                elif one.campaign is not other.campaign:
                    assert abs(one.at_ms - other.at_ms) >= GAP_MS


def check_cap(cap: Cap, seen: list[Seen]) -> None:
    """In no session, no window of the period, never at all more than the cap."""
    if cap.per == "session":
        assert max(Tally(each.session for each in seen if each.session).values(), default=0) <= cap.views
        windows, width_ms = [each for each in seen if each.session is None], GAP_MS
    elif cap.period_ms is None:
        assert len(seen) <= cap.views
        return
    else:
        windows, width_ms = seen, cap.period_ms
    for last in windows:
        assert sum(last.at_ms - width_ms < each.at_ms <= last.at_ms for each in windows) <= cap.views


def check_budget(budget: Budget, seen: list[Seen], table: MemoryTable, of: Campaign) -> None:
    """In no period more than the budget, by what was shown and by what the counters say."""
    real = [each for each in seen if not is_control(of, each.visitor)]
    per_period = Tally(budget.period_at(view(at_ms=each.at_ms).now)[0] for each in real)
    assert max(per_period.values(), default=0) <= budget.views
    used: Tally[str] = Tally()
    for key, row in table.rows.items():
        if key.pk == f"B#{of.name}":
            n = row["used"]
            assert isinstance(n, int)
            used[key.sk.partition("#")[0]] += n
    assert max(used.values(), default=0) <= budget.views


def is_control(of: Campaign, visitor: str) -> bool:
    """Whether the visitor is of the campaign's control group."""
    bare = campaign(of.name, control=of.control)
    return next(contest(store(bare), view(visitor)).of(HERO)).control


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_winner_is_the_first_that_is_eligible(data: st.DataObject) -> None:
    """Against a judge that looks at each campaign by itself, without an index and without haste."""
    campaigns = [
        campaign(
            f"c{n}",
            priority=data.draw(st.integers(0, 3)),
            condition=data.draw(st.none() | st.integers(0, 2).map(lambda value: when("n", value))),
            pages=data.draw(st.sampled_from([None, frozenset({"home"}), frozenset({"cart"})])),
            starts_ms=data.draw(st.sampled_from([None, NOW_MS, NOW_MS + 1])),
            needs=data.draw(st.sampled_from([frozenset(), frozenset({"geo"})])),
            budget=data.draw(st.none() | st.just(Budget(5, None, 1))),
            experiment=data.draw(st.none() | st.just(Experiment("e", 1, coverage=0.5))),
        )
        for n in range(data.draw(st.integers(0, 12)))
    ]
    context = view(data.draw(st.sampled_from(["v1", "v2", "v3"])), explain=data.draw(st.booleans()))
    n = data.draw(st.integers(0, 2))
    broke = data.draw(st.frozensets(st.sampled_from([each.name for each in campaigns] or ["none"])))
    one = Contest(store(*campaigns), facts(context, n=n), context, Exposures(), lambda each: each.name in broke)
    expected = [
        each.name
        for each in sorted(campaigns, key=lambda each: -each.priority)
        if alone(each, context, n) and not (each.budget is not None and each.name in broke)
    ]
    assert [each.campaign.name for each in one.of(HERO) if each.campaign is not None] == expected
    won = next(one.of(HERO))
    assert one.settle(won)
    told = {each.campaign: each.outcome for each in one.considered(HERO)}
    assert [name for name, outcome in told.items() if outcome == "shown"] == expected[:1]
    if context.request.options.explain:
        assert told.keys() == {each.name for each in campaigns}
        assert [name for name, outcome in told.items() if outcome == "outranked"] == expected[1:]


def alone(each: Campaign, context: Context, n: int) -> bool:
    """Whether the campaign is for this page view, all by itself."""
    return (
        (each.condition is None or each.condition.matches({"n": n}.get))
        and (each.pages is None or context.request.page.type in each.pages)
        and (each.starts_ms is None or each.starts_ms <= NOW_MS)
        and each.needs <= context.request.consent
        and (each.experiment is None or assign(each.experiment, facts(context), {}, ("a",)).in_experiment)
    )


PAGE = (HERO, SIDE, FOOT)
PLACES = [["hero"], ["side"], ["foot"], ["hero", "side"], ["hero", "side", "foot"]]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_campaign_is_kept_out_by_a_worse_one(data: st.DataObject) -> None:
    """In whatever order the placements come: what ranks above what is shown has nothing to show, or a still better one
    holds its group."""
    campaigns = [
        campaign(
            f"c{n}",
            at=data.draw(st.sampled_from(PLACES)),
            priority=data.draw(st.integers(0, 4)),
            group=data.draw(st.sampled_from([None, "g1", "g1", "g2"])),
            control=data.draw(st.sampled_from([0.0, 0.5])),
        )
        for n in range(data.draw(st.integers(0, 8)))
    ]
    pairs = [(place, each.name) for each in campaigns for place in each.placements]
    empty = data.draw(st.frozensets(st.sampled_from(sorted(pairs)))) if pairs else frozenset()
    page = data.draw(st.permutations(PAGE))
    won = filled(contest(store(*campaigns), view()), page, empty)
    assert won == filled(contest(store(*campaigns), view()), PAGE, empty)
    ranks = {each.name: rank for rank, each in enumerate(index_campaigns(campaigns).campaigns)}
    last = len(ranks)
    for each in campaigns:
        better = [other for other in campaigns if other.name in won.values() and ranks[other.name] < ranks[each.name]]
        is_held = each.group is not None and any(other.group == each.group for other in better)
        for place in each.placements:
            if ranks[each.name] < ranks.get(won[place] or "", last):
                assert is_held or (place, each.name) in empty
    groups = [each.group for each in campaigns if each.name in won.values() and each.group]
    assert len(groups) == len(set(groups))


@settings(max_examples=100, deadline=None)
@given(stores(), st.text(min_size=1, max_size=20), st.floats(0.01, 1.0))
def test_the_holdout_never_sees_a_campaign(shop_store: Store, visitor: str, share: float) -> None:
    """Whoever is in it is told so where campaigns run; for whoever is not nothing changes."""
    is_held = hash_value("holdout", visitor, 2) < share
    held = store(*shop_store.campaigns, share=share)
    context = view(visitor)
    free, kept = (contest(each, context) for each in (shop_store, held))
    for placement in (HERO, SIDE):
        was = [each.campaign for each in free.of(placement)]
        now = list(kept.of(placement))
        assert [each.campaign for each in now] == ([None] if is_held else was)
        assert now[-1].control == (is_held and len(was) > 1)


VISITORS = 20_000
HELD, CONTROL = 0.1, 0.2


def test_shares_are_met_and_independent_of_each_other() -> None:
    """Holdout, control and arm of 20,000 visitors, within four standard errors, one by one and together."""
    sale = campaign("sale", "a", "b", "c", control=CONTROL, experiment=Experiment("split", 3, weights=(0.5, 0.3, 0.2)))
    gift = campaign("gift", at=["side"], control=CONTROL)
    shop, bare = store(sale, gift, share=HELD), store(sale, gift)
    groups = []
    for n in range(VISITORS):
        one = contest(bare, view(f"visitor-{n}"))
        hero, side = next(one.of(HERO)), next(one.of(SIDE))
        held = next(contest(shop, view(f"visitor-{n}")).of(HERO)).campaign is None
        groups.append((held, hero.control, hero.variation == "a", side.control))
    shares = (HELD, CONTROL, 0.5, CONTROL)
    for column, share in enumerate(shares):
        assert is_near(sum(group[column] for group in groups), share)
        for other in range(column):
            assert is_near(sum(group[column] and group[other] for group in groups), share * shares[other])


def is_near(n: int, share: float) -> bool:
    """Whether so many of all visitors are the share, within four standard errors of a binomial."""
    return abs(n / VISITORS - share) <= 4 * sqrt(share * (1 - share) / VISITORS)


def test_the_check_of_caps_fails_where_caps_are_broken() -> None:
    """A negative control: the same checks on showings that no cap stopped."""
    sale = campaign("sale", group="g1")
    twice = [Seen(sale, "v1", NOW_MS, "s1"), Seen(sale, "v1", NOW_MS + MINUTE_MS, "s1")]
    others = [Seen(sale, "v1", NOW_MS, "s1"), Seen(campaign("gift", group="g1"), "v1", NOW_MS, "s1")]
    for cap in (Cap(1, "session"), Cap(1, "period", HOUR_MS), Cap(1, "period")):
        assert fails(lambda cap=cap: check_cap(cap, twice))
    assert fails(lambda: check_groups(others))


def fails(check: Any) -> bool:
    """Whether a check finds something."""
    try:
        check()
    except AssertionError:
        return True
    return False
