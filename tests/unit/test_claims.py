"""What a page view has to count, and what becomes of it on a table that others write, too."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.unit.contests import HERO, HOUR_MS, NOW, NOW_MS, SIDE, campaign, contest, store, view
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.campaigns import Budget, Campaign, Cap
from vitrine.decisions.claims import (
    COUNTER_KEPT,
    ClaimOutcome,
    Claims,
    Spending,
    budget_keys,
    claims_of,
    limit_of,
    spent,
)
from vitrine.decisions.contest import Chosen
from vitrine.decisions.plain import from_plain, to_plain
from vitrine.errors import DependencyFailed
from vitrine.rules.experiments import Experiment
from vitrine.service.claims import Counter
from vitrine.types import Absent, Key, Row, Rows
from vitrine.visitors.exposures import KEPT_FOR, Exposures, Showing, parse_exposures, row_of

ONCE = Cap(1, "session")
TOTAL = Budget(10, None, 1)
SHOWN = keys.shown("v1")


def settled(*campaigns: Campaign, **fields: Any) -> tuple[Chosen, ...]:
    """Choices of a page view: each campaign in its first placement."""
    context = view(**fields)
    one = contest(store(*campaigns), context)
    for placement in (HERO, SIDE):
        assert one.settle(next(one.of(placement)))
    return one.settled


def claimed(*campaigns: Campaign, exposures: Exposures | None = None, rev: int | None = None) -> Claims:
    """Claims for these campaigns, of which there have to be some."""
    claims = claims_of(settled(*campaigns), {}, exposures or Exposures(), rev, view())
    assert claims is not None
    return claims


def counted(claims: Claims) -> Exposures:
    """The exposures in the claimed row."""
    assert claims.row is not None
    return parse_exposures(claims.row, NOW).exposures


def test_what_needs_no_counting_claims_nothing() -> None:
    """Campaigns without caps, groups, arms and budgets, and the placement's own action."""
    assert claims_of(settled(campaign("open")), {}, Exposures(), None, view()) is None
    assert claims_of(settled(), {"ads": 0}, Exposures(), 3, view()) is None


def test_who_has_no_id_claims_nothing() -> None:
    """They see nothing that is counted."""
    assert claims_of(settled(campaign("open")), {"ads": 1}, None, None, view(None)) is None


def test_a_campaign_in_two_placements_is_one_showing() -> None:
    """A page view counts once, in the budget as in the cap."""
    claims = claimed(campaign("both", at=["hero", "side"], caps=(ONCE,), budget=TOTAL))
    assert counted(claims).views("both", "session", None, NOW_MS, "s1") == 1
    assert claims.campaigns == ("both",)
    assert len(claims.budgets) == 1


def test_groups_and_arms_are_noted() -> None:
    """As what the session met, and as what the visitor keeps."""
    sticky = Experiment("split", 2, sticky=True)
    claims = claimed(campaign("sale", "a", "b", group="promo", experiment=sticky))
    assert counted(claims).holders("promo", NOW_MS, "s1") == {"sale"}
    assert counted(claims).arms.keys() == {"split__0"}
    assert claims.campaigns == ("sale",)


def test_sponsored_places_are_noted_without_a_campaign() -> None:
    """They have their own cap per session."""
    claims = claims_of(settled(), {"ads": 2}, Exposures(), 4, view())
    assert claims is not None
    assert (claims.campaigns, claims.budgets, claims.rev) == ((), (), 4)
    assert counted(claims).sponsored("ads", "s1", NOW_MS) == 2
    assert claims.row is not None
    assert claims.row["rev"] == 5


def test_a_control_group_is_counted_but_spends_nothing() -> None:
    """Both groups are capped after the same number of page views."""
    claims = claimed(campaign("sale", control=1.0, caps=(ONCE,), group="promo", budget=TOTAL))
    assert claims.budgets == ()
    assert counted(claims).views("sale", "session", None, NOW_MS, "s1") == 1
    assert counted(claims).holders("promo", NOW_MS, "s1") == {"sale"}
    only_budget = settled(campaign("sale", control=1.0, budget=TOTAL))
    assert claims_of(only_budget, {}, Exposures(), None, view()) is None


def test_a_budget_is_claimed_without_exposures() -> None:
    """The visitor's row stays as it is, whatever it is."""
    claims = claims_of(settled(campaign("sale", budget=TOTAL)), {"ads": 1}, None, None, view())
    assert claims is not None
    assert claims.row is None
    assert claims.budgets == (Spending("sale", keys.budget("sale", 0, 0), 10, None),)


def test_a_budget_that_was_paid_is_not_claimed_again() -> None:
    """Deciding again after a lost race costs nothing."""
    choices = settled(campaign("sale", budget=TOTAL))
    assert claims_of(choices, {}, Exposures(), None, view(), paid={"sale"}) is None


def test_the_shards_have_the_whole_budget_and_no_more() -> None:
    """Also where it does not divide evenly."""
    for views, shards in [(10, 3), (64, 64), (1, 1), (1_000_003, 7), (5, 8)]:
        budget = Budget(views, None, shards)
        limits = [limit_of(budget, shard) for shard in range(shards)]
        assert sum(limits) == views
        assert max(limits) - min(limits) <= 1


def test_a_visitor_always_uses_the_same_shard() -> None:
    """Different ones for different campaigns and visitors, spread over all."""
    sale, gift = (campaign(name, budget=Budget(100, None, 8)) for name in ("sale", "gift"))
    of_sale = [budget_keys([sale], [HERO], view(f"v{n}")) for n in range(400)]
    of_gift = [budget_keys([gift], [HERO], view(f"v{n}")) for n in range(400)]
    assert of_sale == [budget_keys([sale], [HERO], view(f"v{n}")) for n in range(400)]
    shards = [key.sk for (key,) in of_sale]
    assert set(shards) == {f"0#{shard}" for shard in range(8)}
    # 400 visitors, 50 expected in each: within four standard errors of sqrt(400 * 1/8 * 7/8) = 6.6
    assert all(abs(shards.count(shard) - 50) <= 27 for shard in set(shards))
    assert shards != [key.sk for (key,) in of_gift]


@pytest.mark.parametrize(
    ("period", "number", "ends"),
    [("day", NOW.toordinal(), datetime(2026, 11, 3, tzinfo=UTC)), ("week", 202645, datetime(2026, 11, 9, tzinfo=UTC))],
)
def test_periods_have_counters_of_their_own_that_end(period: Any, number: int, ends: datetime) -> None:
    """Kept for two days after their end, when no clock is left in them."""
    (spending,) = claimed(campaign("sale", budget=Budget(10, period, 1))).budgets
    assert spending.key == keys.budget("sale", number, 0)
    assert spending.ttl == (ends + COUNTER_KEPT).timestamp()


def test_days_and_weeks_are_those_of_the_shop() -> None:
    """In Almaty, five hours ahead, Monday begins at 19:00 on Sunday. A day on which clocks change has an end, too."""
    week, day = (Budget(10, period, 1, "Asia/Almaty") for period in ("week", "day"))
    sunday, monday = (datetime(2026, 11, 1, hour, 59, tzinfo=UTC) for hour in (18, 19))
    assert [week.period_at(at)[0] for at in (sunday, monday)] == [202644, 202645]
    assert [day.period_at(at)[0] - sunday.toordinal() for at in (sunday, monday)] == [0, 1]
    assert week.period_at(monday)[1] == datetime(2026, 11, 8, 19, tzinfo=UTC)
    assert week.period_at(datetime(2026, 12, 31, 20, tzinfo=UTC))[0] == 202653
    berlin = Budget(10, "day", 1, "Europe/Berlin").period_at(datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert berlin[1] == datetime(2026, 10, 25, 23, tzinfo=UTC)


def shows_arm(at: datetime, exposures: Exposures, rev: int | None) -> Claims | None:
    """Claims of a page view at a time that shows an arm that sticks."""
    split = campaign("c", "a", "b", experiment=Experiment("split", 2, sticky=True))
    context = view(at_ms=int(at.timestamp() * 1000))
    one = contest(store(split), context, exposures)
    assert one.settle(next(one.of(HERO)))
    return claims_of(one.settled, {}, exposures, rev, context)


def test_a_sticky_arm_lasts_as_long_as_it_is_used() -> None:
    """The row is written when less than half of its life is left, not at each page view."""
    first = shows_arm(NOW, Exposures(), None)
    assert first is not None
    assert first.row is not None
    stored = parse_exposures(first.row, NOW)
    soon, late = NOW + KEPT_FOR / 2, NOW + KEPT_FOR / 2 + timedelta(days=1)
    assert shows_arm(soon, stored.exposures, stored.rev) is None
    again = shows_arm(late, stored.exposures, stored.rev)
    assert again is not None
    assert again.row == {**first.row, "rev": 2, "ttl": int((late + KEPT_FOR).timestamp())}
    assert claims_of((), {}, stored.exposures, stored.rev, view(at_ms=int(late.timestamp() * 1000))) is None


def test_a_login_takes_over_what_its_device_was_shown_even_if_it_shows_nothing() -> None:
    """Capped before the login and after it, also without the device, and no further write."""
    device = Exposures().after([Showing("sale", HOUR_MS)], {}, NOW_MS, "s1")
    both = Exposures().merged_under(device, "device")
    first = claims_of((), {}, both, None, view(device="device"))
    assert first is not None
    alone = counted(first)
    assert alone.views("sale", "period", HOUR_MS, NOW_MS, "s1") == 1
    assert claims_of((), {}, alone.merged_under(device, "device"), 1, view(device="device")) is None


def test_only_counters_that_this_page_may_need_are_read() -> None:
    """By placement, page type and schedule; none for who has no id."""
    campaigns = [
        campaign("here", budget=TOTAL),
        campaign("free"),
        campaign("aside", at=["side"], budget=TOTAL),
        campaign("in-cart", pages=frozenset({"cart"}), budget=TOTAL),
        campaign("over", ends_ms=NOW_MS, budget=TOTAL),
    ]
    assert budget_keys(campaigns, [HERO], view()) == [keys.budget("here", 0, 0)]
    assert budget_keys(campaigns, [HERO, SIDE], view(page="cart")) == [
        keys.budget(name, 0, 0) for name in ("here", "aside", "in-cart")
    ]
    assert budget_keys(campaigns, [HERO], view(None)) == []


@pytest.mark.parametrize(
    ("row", "is_spent"),
    [
        (Absent.MISSING, False),
        (Absent.NOT_READ, None),
        ({"used": 9}, False),
        ({"used": 10}, True),
        ({"used": 11}, True),
        ({}, None),
        ({"used": "9"}, None),
    ],
)
def test_a_budget_is_spent_at_its_limit(row: Row | Absent, is_spent: bool | None) -> None:
    """What could not be read or makes no sense is unknown."""
    sale = campaign("sale", budget=TOTAL)
    rows = {keys.budget("sale", 0, 0): row}
    assert spent(rows, view())(sale) is is_spent


def test_a_budget_is_unknown_without_its_row_or_an_id() -> None:
    """And never spent where there is none."""
    sale = campaign("sale", budget=TOTAL)
    assert spent({}, view())(sale) is None
    assert spent({keys.budget("sale", 0, 0): Absent.MISSING}, view(None))(sale) is None
    assert spent({}, view())(campaign("free")) is False


def test_a_shard_without_a_share_is_spent_from_the_start() -> None:
    """One view in eight shards is one shard's."""
    sale = campaign("sale", budget=Budget(1, None, 8))
    told = [
        spent({keys.budget("sale", 0, s): Absent.MISSING for s in range(8)}, view(f"v{n}"))(sale) for n in range(99)
    ]
    assert {True, False} == set(told)


def test_what_is_claimed_is_counted() -> None:
    """The row is written and the budget used."""
    table = MemoryTable()
    claims = claimed(campaign("sale", caps=(ONCE,), budget=TOTAL))
    assert Counter(table).claim("v1", claims, 1.0) == ClaimOutcome(paid=("sale",))
    assert table.rows == {SHOWN: claims.row, keys.budget("sale", 0, 0): {"used": 1}}


def test_a_spent_budget_is_denied_and_nothing_else_counted() -> None:
    """The decision is made again without the campaign, so the visitor's row waits."""
    table = MemoryTable({keys.budget("sale", 0, 0): {"used": 10}})
    claims = claimed(campaign("sale", caps=(ONCE,), budget=TOTAL), campaign("gift", at=["side"], budget=TOTAL))
    outcome = Counter(table).claim("v1", claims, 1.0)
    assert outcome == ClaimOutcome({"sale": "budget"}, paid=("gift",))
    assert not outcome.is_granted
    assert SHOWN not in table.rows


def test_who_loses_the_race_gets_the_row_as_it_is_now() -> None:
    """To decide again with it."""
    theirs = row_of(Exposures().after([Showing("sale", HOUR_MS)], {}, NOW_MS, "s1"), None, NOW)
    table = MemoryTable({SHOWN: theirs})
    outcome = Counter(table).claim("v1", claimed(campaign("sale", caps=(ONCE,))), 1.0)
    assert outcome == ClaimOutcome(fresh=theirs)
    assert not outcome.is_granted
    assert table.rows == {SHOWN: theirs}


def test_a_row_that_was_erased_meanwhile_is_missing() -> None:
    """Also then the decision is made again."""
    claims = claimed(campaign("sale", caps=(ONCE,)), rev=3)
    assert Counter(MemoryTable()).claim("v1", claims, 1.0) == ClaimOutcome(fresh=Absent.MISSING)


NOTHING = ClaimOutcome({"sale": "not_counted"}, uncounted=True)
SALE = campaign("sale", caps=(ONCE,), budget=TOTAL)


def test_without_the_table_nothing_is_granted() -> None:
    """And nothing raises."""
    table = MemoryTable(outage=DependencyFailed("table", "down"))
    assert Counter(table).claim("v1", claimed(SALE), 1.0) == NOTHING


def test_a_fresh_row_that_cannot_be_read_is_not_counted() -> None:
    """The race was lost and nobody knows to what."""
    table = MemoryTable({SHOWN: {"rev": 9}}, unread={SHOWN})
    outcome = Counter(table).claim("v1", claimed(SALE), 1.0)
    assert outcome == replace(NOTHING, paid=("sale",))


@pytest.mark.parametrize(("ticks", "paid"), [((0.0, 2.0), ()), ((0.0, 0.5, 2.0), ("sale",))])
def test_when_time_is_up_nothing_more_is_counted(ticks: Sequence[float], paid: tuple[str, ...]) -> None:
    """What was paid already is said."""
    table = MemoryTable()
    outcome = Counter(table, iter(ticks).__next__).claim("v1", claimed(SALE), 1.0)
    assert outcome == replace(NOTHING, paid=paid)
    assert SHOWN not in table.rows


class Watched(MemoryTable):
    """A table that tells how much time each call was given."""

    given: list[float]

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """Counts."""
        self.given.append(timeout_s or 0.0)
        return super().count(key, limit, ttl, timeout_s)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """Replaces."""
        self.given.append(timeout_s or 0.0)
        return super().replace(key, row, expected_rev, timeout_s)

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """Reads, and only what is latest."""
        assert latest
        self.given.append(timeout_s)
        return super().read(keys, timeout_s, latest=latest)


def test_all_calls_share_the_time() -> None:
    """Each gets what those before it left."""
    table = Watched({SHOWN: {"rev": 9}})
    table.given = []
    seconds: Callable[[], float] = map(float, count()).__next__
    Counter(table, seconds).claim("v1", claimed(SALE), 10.0)
    assert table.given == [9.0, 8.0, 7.0]


@pytest.mark.parametrize(
    "outcome",
    [
        ClaimOutcome(),
        ClaimOutcome({"sale": "budget", "gift": "not_counted"}, paid=("x", "y")),
        ClaimOutcome(fresh={"shown": b"\x00", "rev": 3, "ttl": 9}),
        ClaimOutcome(fresh=Absent.MISSING, uncounted=True),
    ],
)
def test_an_outcome_is_recorded_and_read_back(outcome: ClaimOutcome) -> None:
    """A replay meets what the decision met."""
    assert from_plain(ClaimOutcome, to_plain(outcome)) == outcome
    assert outcome.is_granted == (outcome == ClaimOutcome())
