"""Countdowns: the end comes from the server, is remembered for the visitor, and never moves to later."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import pages, recorded
from tests.unit.contests import HERO, HOUR_MS, campaign, contest, outcomes, view, winner
from tests.unit.contests import store as store_of
from vitrine import keys
from vitrine.decisions.actions import Action, Content, Countdown, Fixed
from vitrine.decisions.answers import Ends
from vitrine.decisions.campaigns import Campaign, Variation
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.placements import Store
from vitrine.decisions.record import parse_record
from vitrine.decisions.release import Release
from vitrine.rules.experiments import Experiment
from vitrine.types import Absent, Page
from vitrine.visitors.exposures import EVER_MS, MAX_CAMPAIGNS, MAX_FOLDED, Exposures, Showing, parse_exposures, row_of
from vitrine.visitors.trails import ending

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
T = int(NOW.timestamp() * 1000)
HALF_HOUR = Countdown(lasts_ms=HOUR_MS // 2)


def overlay(countdown: Countdown | None) -> Action:
    """An overlay with this countdown."""
    words = Content(Fixed({"en": {"title": "Soon over"}, "ru": {"title": "Скоро конец"}}))
    return Action("overlay", content=words, mechanic="countdown", countdown=countdown)


def counting(countdown: Countdown = HALF_HOUR, name: str = "sale", **fields: Any) -> Campaign:
    """A campaign that counts down."""
    return Campaign(name, frozenset({"hero"}), (Variation("a", overlay(countdown)),), **fields)


@dataclass
class Shop(recorded.World):
    """A table and a release with these campaigns over the page; every decision is recorded."""

    campaigns: Sequence[Campaign] = (counting(),)
    n_decided: int = 0
    interleaved: Callable[[], None] | None = None

    def store(self) -> Store:
        """The store of the only release."""
        placements = {"hero": replace(HERO, action=Action("none"))}
        return replace(pages.store(), placements=placements, campaigns=tuple(self.campaigns))

    def load(self, release: str) -> Release:
        """See recorded.World."""
        return Release(recorded.RELEASE, T - HOUR_MS, self.store(), pages.Even(), {"north": []})

    def claim(self, visitor: str, claims: Claims) -> ClaimOutcome:
        """Count, after whatever else happens in between."""
        between, self.interleaved = self.interleaved, None
        if between is not None:
            between()
        return super().claim(visitor, claims)

    def ask(
        self, visitor: str | None, at_ms: int = 0, device: str | None = None, is_first: bool = False
    ) -> dict[str, Any]:
        """What the overlay's placement answers so long after T."""
        self.n_decided += 1
        consent = frozenset({"personalization"}) if visitor is not None else frozenset[Any]()
        request = DecisionRequest(
            Page("home"), visitor=visitor, device_visitor=device, is_first=is_first, session="s1", consent=consent
        )
        body = self.decide(f"d{self.n_decided}", NOW + timedelta(milliseconds=at_ms), request)
        answer: dict[str, Any] = orjson.loads(body)["placements"]["hero"]
        return answer

    def ends(self, *asked: Any, **named: Any) -> int | None:
        """When the countdown ends, after T; None where there is none."""
        live = self.ask(*asked, **named)["live"]
        return None if live is None else live["ends_at_ms"] - T

    def lost(self) -> dict[str, str]:
        """What became of the campaigns of the decision made last."""
        (told,) = self.recorded()["placements"].values()
        return {name: outcome for outcome, names in told.get("considered", {}).items() for name in names}

    def recorded(self) -> Mapping[str, Any]:
        """The readable record of the decision made last."""
        return parse_record(self.records[f"d{self.n_decided}"]).plain


MINUTE = 60_000


def test_the_end_is_that_of_the_first_showing() -> None:
    """However often and from wherever it is asked; then it is over, for good."""
    shop = Shop()
    assert shop.ends("v1", 0) == 30 * MINUTE
    assert [shop.ends("v1", at * MINUTE) for at in (1, 29, 12)] == [30 * MINUTE] * 3
    assert shop.ends("v1", 30 * MINUTE - 1) == 30 * MINUTE
    for at_ms in (30 * MINUTE, 31 * MINUTE, 100 * 24 * HOUR_MS):
        assert shop.ends("v1", at_ms) is None
        assert shop.lost() == {"sale": "over"}


def test_another_visitor_has_another_end() -> None:
    """From their own first showing."""
    shop = Shop()
    assert (shop.ends("v1", 0), shop.ends("v2", 7)) == (30 * MINUTE, 30 * MINUTE + 7)
    assert shop.ends("v3", 9, is_first=True) == 30 * MINUTE + 9


def test_who_has_no_id_gets_no_countdown_of_their_own() -> None:
    """It could not be counted; one that is the same for everybody is for them, too."""
    shop = Shop(campaigns=[counting(), counting(Countdown(until_ms=T + HOUR_MS), "until")])
    answer = shop.ask(None)
    assert (answer["campaign"], answer["live"]) == ("until", {"ends_at_ms": T + HOUR_MS, "proof": None})


def test_the_answer_and_the_record_tell_the_end() -> None:
    """The proof is not among the bytes that a replay compares."""
    shop = Shop()
    answer = shop.ask("v1")
    assert (answer["kind"], answer["mechanic"]) == ("overlay", "countdown")
    assert answer["live"] == {"ends_at_ms": T + 30 * MINUTE, "proof": None}
    assert shop.recorded()["placements"]["hero"]["live"] == {"ends_at_ms": T + 30 * MINUTE}


def test_every_decision_replays() -> None:
    """The first showing, later ones and those after the end, whatever the table holds by then."""
    shop = Shop()
    for at in (0, 5, 31):
        shop.ask("v1", at * MINUTE)
    shop.table.rows.pop(keys.shown("v1"))
    for n in (1, 2, 3):
        again = shop.replay().replay(f"d{n}")
        assert again.identical, again.differs
        assert again.body == shop.bodies[f"d{n}"]


def test_a_replay_with_another_end_is_told_by_it() -> None:
    """Negative control: had the countdown been longer, it would not be the same."""
    shop = Shop()
    shop.ask("v1")
    shop.campaigns = [counting(Countdown(lasts_ms=HOUR_MS))]
    again = shop.replay().replay("d1")
    assert not again.identical
    assert any("hero.live" in told for told in again.differs)


def test_a_showing_once_noted_is_written_no_second_time() -> None:
    """A page view that shows it again costs no write."""
    shop = Shop()
    shop.ask("v1")
    before = dict(shop.table.rows[keys.shown("v1")])
    shop.ask("v1", MINUTE)
    assert shop.table.rows[keys.shown("v1")] == before


def test_two_page_views_at_once_have_one_end() -> None:
    """Whoever writes second finds that somebody was first, and says what they said."""
    shop = Shop()
    shop.interleaved = lambda: told.append(shop.ends("v1", 2 * MINUTE))
    told: list[int | None] = []
    told.append(shop.ends("v1", 0))
    assert told == [32 * MINUTE, 32 * MINUTE]


def test_what_cannot_be_noted_is_not_shown() -> None:
    """No end is told that would be forgotten."""
    shop = Shop(trouble="outage")
    assert shop.ends("v1") is None
    assert shop.lost() == {"sale": "not_counted"}
    assert keys.shown("v1") not in shop.table.rows


def test_a_row_that_cannot_be_read_shows_none() -> None:
    """It might hold an end."""
    shop = Shop()
    shop.table.rows[keys.shown("v1")] = {"shown": b"damaged", "rev": 1, "ttl": T // 1000 * 2}
    assert shop.ends("v1") is None
    assert shop.lost() == {"sale": "not_counted"}


def test_a_full_row_has_no_room_for_an_end() -> None:
    """Nothing that binds is forgotten for it."""
    full = Exposures().after([Showing(f"c{n}", EVER_MS) for n in range(MAX_CAMPAIGNS)], {}, T, "s1")
    shop = Shop()
    shop.table.rows[keys.shown("v1")] = row_of(full, None, NOW)
    assert shop.ends("v1") is None
    assert shop.lost() == {"sale": "not_counted"}


def test_of_device_and_login_the_earlier_end_holds() -> None:
    """And stays with the login, also on another device."""
    shop = Shop()
    assert shop.ends("device", 0) == 30 * MINUTE
    assert shop.ends("login", 10 * MINUTE) == 40 * MINUTE
    assert shop.ends("login", 11 * MINUTE, "device") == 30 * MINUTE
    assert shop.ends("login", 12 * MINUTE) == 30 * MINUTE
    assert shop.ends("login", 30 * MINUTE) is None


def test_an_end_that_began_with_a_login_is_the_logins() -> None:
    """It holds wherever they log in. The device has one of its own without them: see Eligibility._timed."""
    shop = Shop()
    assert shop.ends("login", 0, "device") == 30 * MINUTE
    assert shop.ends("login", 10 * MINUTE, "other") == 30 * MINUTE
    assert shop.ends("device", 31 * MINUTE) == 61 * MINUTE
    assert shop.ends("login", 32 * MINUTE, "device") is None


def test_an_end_that_a_device_began_later_comes_along_too() -> None:
    """Also where everything else of it has become part of the login's before, and where it is over by then."""
    shop = Shop(campaigns=[campaign("plain", group="g")])
    shop.ask("device")
    shop.ask("login", MINUTE, "device")
    shop.campaigns = [counting()]
    assert shop.ends("device", 2 * MINUTE) == 32 * MINUTE
    assert shop.ends("login", 40 * MINUTE, "device") is None
    assert shop.ends("login", 41 * MINUTE) is None
    assert shop.lost() == {"sale": "over"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from([None, "d1", "d2", "l1", "l2"]),
        st.sampled_from([None, "d1", "d2"]),
        st.integers(0, 40 * MINUTE),
        st.sampled_from(["", "", "", "race", "outage"]),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.booleans())
def test_it_never_restarts(steps: list[tuple[str | None, str | None, int, str]], in_order: bool) -> None:
    """Under any order of requests, clocks and logins: the end is the earliest that any of the named was ever told, and
    after it there is none. Every decision replays."""
    shop, known = Shop(), dict[str, int]()
    for visitor, device, at_ms, trouble in sorted(steps, key=lambda step: step[2]) if in_order else steps:
        device = device if device != visitor and visitor is not None else None
        shop.trouble = trouble
        found = shop.ends(visitor, at_ms, device)
        ends = [known[name] for name in (visitor, device) if name is not None and name in known]
        expected = min(ends, default=at_ms + 30 * MINUTE) if visitor is not None else None
        if trouble == "outage" and visitor is not None:
            assert found in (None, expected)
            assert found is None or visitor in known
            continue
        is_over = expected is not None and expected <= at_ms
        assert found == (None if is_over else expected)
        if visitor is not None and expected is not None:
            known[visitor] = expected
    for n in range(1, shop.n_decided + 1):
        assert shop.replay().replay(f"d{n}").identical


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, HOUR_MS), st.integers(0, HOUR_MS)), max_size=20))
def test_exposures_keep_the_earliest_end(showings: list[tuple[str, int, int]]) -> None:
    """In whatever order they come, and through the stored form."""
    seen = Exposures()
    for name, at_ms, ends_ms in showings:
        seen = Exposures.decode(seen.after([Showing(name, ends_ms=ends_ms)], {}, at_ms, "s1").encode())
    for name in "abc":
        assert seen.ends_ms(name) == min((ends_ms for one, _, ends_ms in showings if one == name), default=None)


def test_an_end_is_forgotten_by_no_number_of_devices() -> None:
    """Not even when more of them are united than a trail has marks."""
    login = Exposures().after([Showing("sale", ends_ms=1_000)], {}, 0, "s1")
    for n in range(3 * MAX_FOLDED + 20):
        device = Exposures().after([Showing("sale", ends_ms=2_000 + n)], {}, 0, "s1")
        login = Exposures.decode(login.merged_under(device, f"device{n}").after([], {}, 1, "s1").encode())
    assert login.ends_ms("sale") == 1_000
    assert len(login.campaigns[ending("sale")].marks) == 1


def test_an_end_is_no_showing() -> None:
    """Caps count showings, and this is none."""
    seen = Exposures().after([Showing("sale", ends_ms=T)], {}, T, "s1")
    assert seen.views("sale", "period", None, T, "s1") == 0


def test_a_row_lives_as_long_as_an_end_may_matter() -> None:
    """400 days after it."""
    seen = Exposures().after([Showing("sale", ends_ms=T + HOUR_MS)], {}, T, "s1")
    assert row_of(seen, None, NOW)["ttl"] == (T + HOUR_MS + EVER_MS) // 1000 + 1
    assert parse_exposures(row_of(seen, None, NOW), NOW).exposures.ends_ms("sale") == T + HOUR_MS
    assert parse_exposures(Absent.MISSING, NOW).exposures.ends_ms("sale") is None


@pytest.mark.parametrize(
    ("countdown", "at", "ends"),
    [
        (Countdown(until_ms=T + 5), NOW, T + 5),
        (Countdown(until_ms=T), NOW, None),
        (Countdown(minute=18 * 60, timezone="America/New_York"), NOW, T + 11 * HOUR_MS),  # 07:00 there
        (Countdown(minute=7 * 60, timezone="America/New_York"), NOW, None),
        (Countdown(minute=7 * 60 + 1, timezone="America/New_York"), NOW, T + MINUTE),
        (Countdown(minute=1440, timezone="Europe/Berlin"), NOW, T + 11 * HOUR_MS),  # 13:00 there
        (Countdown(minute=1440, timezone="UTC"), NOW + timedelta(hours=12) - timedelta(seconds=1), T + 12 * HOUR_MS),
        (Countdown(minute=60, timezone="UTC"), NOW + timedelta(hours=12), T + 13 * HOUR_MS),
    ],
)
def test_ends_that_are_the_same_for_everybody(countdown: Countdown, at: datetime, ends: int | None) -> None:
    """An instant, or a time of every day of a zone: over from then on, till midnight."""
    view_at = view("v1", at_ms=int(at.timestamp() * 1000), explain=True)
    one = contest(store_of(counting(countdown)), view_at)
    chosen = next(one.of(HERO))
    assert one.settle(chosen)
    assert outcomes(one) == {"sale": "over" if ends is None else "shown"}
    assert chosen.live == (None if ends is None else Ends(ends))


def test_no_countdown_outlasts_its_campaign() -> None:
    """What it says is when the campaign is over, if that comes first; a campaign prolonged later restarts nothing."""
    shop = Shop(campaigns=[counting(ends_ms=T + 10 * MINUTE)])
    assert shop.ends("v1") == 10 * MINUTE
    assert shop.ends("v1", 10 * MINUTE) is None
    assert shop.lost() == {}  # by its schedule, which only an explanation tells of
    shop.campaigns = [counting()]
    assert shop.ends("v1", 10 * MINUTE) is None
    assert shop.lost() == {"sale": "over"}
    shop.campaigns = [counting(Countdown(until_ms=T + HOUR_MS), ends_ms=T + 10 * MINUTE)]
    assert shop.ends("v2") == 10 * MINUTE


def test_a_longer_countdown_moves_no_end_that_was_told() -> None:
    """Nor does another variation of the campaign, which shares it."""
    shop = Shop()
    assert shop.ends("v1") == 30 * MINUTE
    shop.campaigns = [counting(Countdown(lasts_ms=5 * HOUR_MS))]
    assert shop.ends("v1", MINUTE) == 30 * MINUTE
    arms = (Variation("a", overlay(Countdown(lasts_ms=HOUR_MS))), Variation("b", overlay(None)))
    forced = Experiment("sale", 2, forced_for={"v1": 0, "v2": 1})
    shop.campaigns = [Campaign("sale", frozenset({"hero"}), arms, experiment=forced)]
    assert shop.ends("v1", MINUTE) == 30 * MINUTE
    assert shop.ask("v1", 31 * MINUTE)["kind"] == "none"
    assert shop.ask("v2", 31 * MINUTE)["kind"] == "overlay"


def test_the_control_group_counts_down_unseen() -> None:
    """Or it would drift apart from who sees it: it is over for both at once."""
    held = next(name for name in map(str, range(100)) if is_held(name))
    shop = Shop(campaigns=[counting(control=0.5)])
    answer = shop.ask(held)
    assert (answer["control"], answer["live"], answer["campaign"]) == (True, None, "sale")
    stored = parse_exposures(shop.table.rows[keys.shown(held)], NOW).exposures
    assert stored.ends_ms("sale") == T + 30 * MINUTE
    shop.ask(held, 31 * MINUTE)
    assert shop.lost() == {"sale": "over"}


def is_held(visitor: str) -> bool:
    """Whether half of the visitors, this one among them, are held back."""
    return next(contest(store_of(counting(control=0.5)), view(visitor)).of(HERO)).control


def test_who_is_over_makes_place_for_the_next() -> None:
    """As whoever loses."""
    shop = store_of(counting(Countdown(until_ms=0), priority=2), campaign("next", priority=1))
    one = contest(shop, view("v1", explain=True))
    assert winner(one) == "next"
    assert outcomes(one) == {"sale": "over", "next": "shown"}
