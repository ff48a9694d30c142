"""The degrade ladder: whatever fails, however late, there is a whole answer in time, and it says what it lacks."""

from datetime import timedelta
from functools import cache

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.functional.handlers import call, load_handler, recorded_event, with_body
from tests.functional.ladder_rig import KINDS, Shop, Trouble, lists_of, noted_cells
from tests.golden.world import KEYS
from vitrine import keys
from vitrine.decisions.ladder import EXERCISE, is_exercise
from vitrine.decisions.outcome import BESTSELLERS
from vitrine.errors import DependencyFailed
from vitrine.service.countdown import ROWS_UNTIL, WORK_SHARE
from vitrine.service.decide import Outcome
from vitrine.types import Page
from vitrine.visitors.identity import mint

PAGES = (
    Page("home"),
    Page("product", item="milk-1"),
    Page("category", category="grocery/dairy"),
    Page("cart"),
    Page("checkout"),
)
TROUBLE = st.builds(
    Trouble,
    takes_ms=st.sampled_from([0.0, 0.5, 4.0, 30.0, 55.0, 70.0, 500.0]),
    fails=st.booleans(),
    unread=st.frozensets(st.sampled_from(KINDS)),
)
TROUBLES = st.lists(TROUBLE | st.just(Trouble()), max_size=8)
DEADLINES = st.sampled_from([1, 5, 20, 50, 150, 300, 3_000])
HUNG = [Trouble(takes_ms=10_000.0)] * 20


@cache
def placements_of(page: Page) -> set[str]:
    """Names of the placements of a page."""
    return set(orjson.loads(Shop().decide(page).body)["placements"])


def check_whole(outcome: Outcome, placements: set[str]) -> None:
    """Every placement is answered, and one that shows nothing says why."""
    body = orjson.loads(outcome.body)
    assert set(body["placements"]) == placements
    for name, answer in body["placements"].items():
        shows = answer["items"] or answer["rows"] or answer["content"] is not None
        assert shows or answer["reasons"] or answer["kind"] == "none", name
        assert answer["kind"] != "products" or answer["items"] or answer["rows"], name
        assert answer["fallback"] in (None, BESTSELLERS)
        assert answer["fallback"] is None or answer["reasons"]


@settings(max_examples=60, deadline=None)
@given(
    troubles=TROUBLES,
    deadline_ms=DEADLINES,
    page=st.sampled_from(PAGES),
    visitor=st.sampled_from(["plain", "bargain", "southerner", "nobody", None]),
    model=st.sampled_from(["well", "slow", "fails"]),
    is_warm=st.booleans(),
)
def test_whatever_fails_the_answer_is_whole_and_in_time_and_says_what_it_lacks(
    troubles, deadline_ms, page, visitor, model, is_warm
):
    """Any calls late, failing or leaving kinds of rows unread; the model slow or failing; memory full or empty. What
    was recorded of it replays byte for byte. A page that has to be composed anew is scored as it was the first time,
    else its record would tell half of it: a slow model may then overrun the work's share, not the deadline."""
    shop = Shop(model_takes_ms=20.0 if model == "slow" else 0.2)
    placements = placements_of(page)
    if is_warm:
        shop.decide(page, visitor)
    shop.decide(Page("home"), "stock")  # so that the model is measured
    shop.model.fails = model == "fails"
    shop.table.troubles, shop.table.first_unread, started_s = list(troubles), set(), shop.time.now_s
    scored = shop.model.calls
    outcome = shop.decide(page, visitor, deadline_ms=deadline_ms)
    check_whole(outcome, placements)
    again_ms = max(0, shop.model.calls - scored - 1) * shop.model.takes_ms
    assert (shop.time.now_s - started_s) * 1000 <= deadline_ms * WORK_SHARE + again_ms + 1e-6
    assert not outcome.strain.is_late
    lacks, unread = outcome.decision.skipped, shop.table.first_unread
    assert "weather" in lacks or "W#NOW" not in unread
    assert "profile" in lacks or "V#PROFILE" not in unread
    assert "lists" in lacks or unread.isdisjoint({"V#R", "L#R"})
    assert "model" not in lacks or outcome.decision.model is None
    assert "model" in lacks or outcome.decision.model is not None or not lists_of(outcome) - {BESTSELLERS}
    shop.model.fails, shop.model.takes_ms = False, 0.0
    replayed = shop.replay().replay_record(shop.stream.records[-1])
    assert replayed.identical, replayed.differs


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.type)
@pytest.mark.parametrize("deadline_ms", [1, 5, 20, 150])
def test_a_table_that_hangs_costs_its_share_of_the_deadline_once(page, deadline_ms):
    """The first read waits for its share, and none waits after it; all placements are there."""
    shop = Shop()
    shop.table.troubles, started_s = list(HUNG), shop.time.now_s
    outcome = shop.decide(page, deadline_ms=deadline_ms)
    took_ms = (shop.time.now_s - started_s) * 1000
    assert took_ms <= deadline_ms * WORK_SHARE * ROWS_UNTIL + 1e-6
    assert {"weather", "profile", "lists"} <= set(outcome.decision.skipped)
    assert outcome.strain.faults == ((("table", "late"),) if deadline_ms > 5 else ())


@pytest.mark.parametrize("visitor", ["plain", None])
def test_a_table_that_was_late_once_is_not_asked_again_by_the_page_view(visitor):
    """Shelves in memory ask for cards, and somebody new for a count: neither waits behind what hangs already."""
    shop = Shop()
    shop.decide(Page("home"), "stock")
    shop.clock[0] += timedelta(minutes=2)  # the cards in memory are out of date
    shop.table.troubles, shop.table.calls = list(HUNG), 0
    outcome = shop.decide(Page("home"), visitor)
    assert (shop.table.calls, outcome.strain.faults) == (1, (("table", "late"),))
    shop.table.troubles, shop.table.calls = [Trouble(fails=True)], 0
    assert shop.decide(Page("home"), visitor).strain.faults == (("table", "failed"),)
    assert shop.table.calls > 1  # what failed at once may have been a connection that was closed


def test_a_table_that_ignores_its_timeout_would_be_late():
    """Negative control: the bound is kept by the timeouts that the ladder gives, not by the rig."""
    shop = Shop()
    shop.table.ignores_timeouts = True
    shop.table.troubles = [Trouble(takes_ms=400.0)]
    assert shop.decide(Page("home")).strain.is_late


def test_cards_that_cannot_be_read_are_the_releases_own():
    """Lists are there, live cards are not: bestsellers with the cards that the release holds, and both are told."""
    shop = Shop()
    shop.table.troubles = [Trouble()] * 3 + [Trouble(unread=frozenset({"I#CARD"}))] * 5
    shop.table.troubles[:3] = [Trouble(unread=frozenset({"I#CARD"}))] * 3
    outcome = shop.decide(Page("home"))
    assert "cards" in outcome.decision.skipped
    assert lists_of(outcome) == {BESTSELLERS}
    assert {answer.fallback for answer in outcome.decision.placements} >= {BESTSELLERS}


def test_a_slow_model_is_left_out_when_a_read_was_slow_and_asked_when_it_was_not():
    """It takes 30 of 100 ms: after a read of 50 ms the order is that of rank fusion."""
    shop = Shop(model_takes_ms=30.0)
    assert shop.decide(Page("home"), "stock").decision.model == "plain-test"
    shop.table.troubles = [Trouble(takes_ms=50.0)]
    late = shop.decide(Page("home"))
    assert (late.decision.model, late.decision.skipped) == (None, ("model",))
    assert shop.decide(Page("home"), "regular").decision.model == "plain-test"


def test_the_weather_alone_is_worth_no_late_second_read():
    """Whose home region the profile names has other weather: it is read if there is time, and told if there is not."""
    quick, slow = Shop(), Shop()
    assert quick.decide(Page("checkout"), "southerner").decision.skipped == ()
    slow.table.troubles = [Trouble(takes_ms=45.0)]
    assert "weather" in slow.decide(Page("checkout"), "southerner").decision.skipped


def test_the_weather_of_the_visitors_home_is_noted():
    """The cell that was asked for, not the one of the store's default region."""
    shop = Shop()
    shop.decide(Page("home"), "southerner")
    own = noted_cells(shop)
    shop.decide(Page("home"), "plain")
    assert (len(own), len(noted_cells(shop))) == (1, 2)


def test_a_table_in_trouble_is_not_asked_for_notes_as_well():
    """Nothing is done beside a page view whose reads failed."""
    shop = Shop()
    shop.table.troubles = [Trouble(fails=True)] * 9
    shop.decide(Page("home"))
    assert noted_cells(shop) == set()


def test_keys_that_come_late_are_on_the_same_deadline():
    """What the secret took is missing to the reads, not added to them."""
    shop = Shop(keys_take_ms=50.0)
    shop.table.troubles, started_s = list(HUNG), shop.time.now_s
    outcome = shop.decide(Page("home"))
    assert (shop.time.now_s - started_s) <= 0.15 * WORK_SHARE * ROWS_UNTIL + 1e-6
    assert outcome.decision.skipped[0] == "identity"


@pytest.mark.parametrize("jump", [timedelta(hours=-30), timedelta(days=400)])
def test_a_wall_clock_that_jumps_costs_no_more_than_a_read(jump):
    """Cards that were held are read anew, and no deadline depends on it."""
    shop = Shop()
    shop.decide(Page("home"))
    shop.clock[0] += jump
    outcome = shop.decide(Page("home"))
    assert (outcome.strain.is_late, "cards" in outcome.decision.skipped) == (False, False)
    assert lists_of(outcome) - {BESTSELLERS}


def test_an_exercise_takes_the_last_rung_and_says_so():
    """Nothing is read, counted or noted; bestsellers answer, the record tells it, and it replays."""
    shop = Shop(exercise_share=1.0)
    calls = shop.table.calls
    outcome = shop.decide(Page("home"))
    assert (shop.table.calls - calls, outcome.strain.is_exercise) == (0, True)
    assert outcome.decision.skipped == (EXERCISE, "weather", "profile", "lists")
    fallbacks = [answer for answer in outcome.decision.placements if answer.fallback == BESTSELLERS]
    assert fallbacks
    assert {reason for answer in fallbacks for reason in answer.reasons} == {EXERCISE}
    (record,) = shop.stream.records
    assert orjson.loads(record)["skipped"][0] == EXERCISE
    assert shop.replay().replay_record(record).identical


def test_an_exercise_of_somebody_new_counts_nothing():
    """Who is new has no row that could be unread, and is yet shown nothing that has to be counted."""
    shop = Shop(exercise_share=1.0)
    for page in PAGES:
        outcome = shop.decide(page, None)
        assert outcome.token is not None
        assert shop.replay().replay_record(shop.stream.records[-1]).identical
    assert not [key for key in shop.table.rows if key.sk == keys.shown("x").sk]


def test_an_exercise_through_the_handler(monkeypatch, capsys):
    """A real event: 200, the reason in the answer, times for the storefront's developers, one line for operators."""
    monkeypatch.setenv("VITRINE_ALLOWED_ORIGINS", "https://shop.example")
    shop, app = Shop(exercise_share=1.0), load_handler("decide")
    monkeypatch.setattr(app, "service", lambda: shop.service)
    body = {"page": {"type": "home"}, "consent": ["personalization"], "visitor": mint("plain", KEYS)}
    status, answer, headers = call(app, with_body(recorded_event("decide"), body))
    assert (status, answer["skipped"][0]) == (200, EXERCISE)
    answered = [one for one in answer["placements"].values() if one["fallback"] == BESTSELLERS]
    assert answered
    assert all(one["items"] and one["reasons"] == [EXERCISE] for one in answered)
    assert set(answer["timings_ms"]) == {metric.partition(";")[0] for metric in headers["Server-Timing"].split(", ")}
    assert headers["Timing-Allow-Origin"] == "https://shop.example"
    (line,) = map(orjson.loads, capsys.readouterr().out.splitlines())
    assert {name for name in line if name not in ("_aws", "service")} == {"Exercises", "ExercisesAnswered"}


@pytest.mark.parametrize("trouble", [Trouble(fails=True), Trouble(takes_ms=10_000.0)], ids=["fails", "hangs"])
def test_a_table_in_trouble_through_the_handler(monkeypatch, capsys, trouble):
    """A real event: 200 with bestsellers, and operators hear by which rung and why."""
    shop, app = Shop(exercise_share=0.0), load_handler("decide")
    monkeypatch.setattr(app, "service", lambda: shop.service)
    shop.table.troubles = [trouble] * 20
    body = {"page": {"type": "home"}, "consent": ["personalization"], "visitor": mint("plain", KEYS)}
    status, answer, _ = call(app, with_body(recorded_event("decide"), body))
    assert (status, answer["skipped"]) == (200, ["weather", "profile", "lists"])
    assert BESTSELLERS in {one["fallback"] for one in answer["placements"].values()}
    (line,) = map(orjson.loads, capsys.readouterr().out.splitlines())
    assert line["TableFailed" if trouble.fails else "TableLate"] >= 1
    assert line["Fallbacks"] == line["Degraded"] == line["SkippedWeather"] == 1


def test_a_dry_run_and_an_explanation_are_no_exercise():
    """Whoever looks at a decision wants to see the usual one."""
    shop = Shop(exercise_share=1.0)
    assert not shop.decide(Page("home"), dry_run=True).strain.is_exercise
    assert EXERCISE in shop.decide(Page("home")).decision.skipped


def test_the_share_is_what_the_ids_say():
    """The service exercises exactly the decisions of which the id alone says so."""
    shop = Shop(exercise_share=0.3)
    for number in range(40):
        assert shop.decide(Page("checkout")).strain.is_exercise == is_exercise(f"d-{number}", 0.3)


def test_records_that_were_lost_are_told_once():
    """By the decision that lost them or by the next one."""
    shop = Shop()
    shop.stream.outage = DependencyFailed("stream", "down")
    lost = shop.decide(Page("home")).strain.lost_records
    shop.stream.outage = None
    assert lost + shop.decide(Page("home")).strain.lost_records == 1
    assert shop.decide(Page("home")).strain.lost_records == 0
