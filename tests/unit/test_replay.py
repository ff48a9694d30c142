"""Decisions made again from their records: the same byte for byte, or the reason by name."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.unit import pages
from tests.unit.pages import NOW
from tests.unit.recorded import ITEMS, RELEASE, World, store
from tests.unit.tables import related
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.catalog.packed import pack
from vitrine.cli.replay_command import report
from vitrine.decisions.body import decision_body
from vitrine.decisions.claims import ClaimOutcome
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.record import digest_of_answer, parse_record, record_of
from vitrine.decisions.tape import Tape
from vitrine.errors import UnknownDecision
from vitrine.service.replay import Replay, Replayed
from vitrine.types import CartLine, Key, Page, Rows, Signals

VISITORS = [None, "h1", "seen", "new"]


def some_request(draw: random.Random) -> DecisionRequest:
    """A page view of any visitor on a home or product page."""
    visitor = draw.choice(VISITORS)
    item = draw.choice([None, *ITEMS[:20]])
    return DecisionRequest(
        page=Page("home") if item is None else Page("product", item=item, locale=draw.choice([None, "ru"])),
        visitor=visitor,
        is_first=visitor == "new" and draw.random() < 0.5,
        session=draw.choice([None, "s1", "s2"]),
        recent=tuple(draw.sample(ITEMS, draw.randint(0, 4))),
        cart=tuple(CartLine(one, draw.randint(1, 3), 100) for one in draw.sample(ITEMS, draw.randint(0, 2))),
        signals=Signals(draw.random() < 0.2, draw.random() * 60, draw.random()),
        consent=frozenset(draw.choice([(), ("personalization",), ("personalization", "geo")])),
    )


def some_decisions(n: int, seed: int) -> World:
    """A world with n decisions on record, in which reads failed, rows were lost and counters ran full meanwhile."""
    draw, world = random.Random(seed), World()
    for number in range(n):
        world.table.unread = set(draw.sample(list(world.table.rows), 3)) if draw.random() < 0.2 else set()
        world.trouble = draw.choice(["", "", "", "race", "outage", "sale"])
        now = NOW + timedelta(milliseconds=number * 137, microseconds=draw.randint(0, 999))
        world.decide(f"{number}", now, some_request(draw))
    world.table.unread = set()
    return world


def outcomes_of(world: World) -> list[ClaimOutcome]:
    """What became of all claims on record."""
    return [outcome for line in world.records.values() for outcome in parse_record(line).tape.outcomes]


@pytest.mark.no_cover
def test_a_thousand_decisions_are_made_again_byte_for_byte() -> None:
    """Whoever asked, whatever could not be read; the world has gone on since: rows that change are all gone."""
    world = some_decisions(1000, seed=7)
    world.table.rows = {key: value for key, value in world.table.rows.items() if key.sk.startswith("R#")}
    replayed = list(world.replay().replay_recent(1000))
    assert len(replayed) == 1000
    assert {one.identical for one in replayed} == {True}
    assert all(one.body == world.bodies[one.decision] for one in replayed)
    assert {(*one.gone, *one.differs) for one in replayed} == {()}
    shown = {
        answer["campaign"] for body in world.bodies.values() for answer in orjson.loads(body)["placements"].values()
    }
    assert shown == {"rain", "sale", "last", None}  # all were contested, capped and counted
    assert len(set(world.bodies.values())) > 100
    became = outcomes_of(world)
    assert any(outcome.is_granted for outcome in became)
    assert any(outcome.denied and not outcome.uncounted for outcome in became)
    assert any(outcome.uncounted for outcome in became)
    assert any(outcome.fresh is not None for outcome in became)


@pytest.fixture
def world() -> World:
    """One decision of a known visitor on a product page."""
    made = World()
    made.decide("d1", NOW, DecisionRequest(Page("product", item="item1"), "h1", consent=frozenset({"personalization"})))
    return made


def lose(key: Key) -> Callable[[World], object]:
    """Delete a row."""
    return lambda world: world.table.rows.pop(key)


def spoil(key: Key) -> Callable[[World], object]:
    """Put another list in its place."""
    return lambda world: world.table.rows.update({key: {"table": pack(related("item1", ["item9"], []))}})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lose(keys.related("item1", RELEASE)), f"list row I#item1 of release {RELEASE} is gone"),
        (spoil(keys.related("item1", RELEASE)), f"list row I#item1 of release {RELEASE} was altered"),
        (lose(keys.shelf("north", None, RELEASE)), f"list row L#north of release {RELEASE} is gone"),
    ],
)
def test_an_input_that_is_gone_is_named(world: World, change: Callable[[World], object], named: str) -> None:
    """The release was retired, or somebody wrote into it: which row, and what became of it."""
    assert world.replay().replay("d1").identical  # negative control
    change(world)
    replayed = world.replay().replay("d1")
    assert not replayed.identical
    assert replayed.gone == (named,)
    assert replayed.differs


def test_a_release_that_is_gone_is_named(world: World) -> None:
    """Nothing can be decided without the store; the record can still be read."""
    world.gone = True
    replayed = world.replay().replay("d1", explain=True)
    assert (replayed.identical, replayed.body, replayed.explanation) == (False, b"", None)
    assert replayed.gone == (f"release {RELEASE}: part 'store.json' of release {RELEASE} is not in the bucket",)
    assert replayed.recorded["decision"] == "d1"


def test_other_code_is_noticed(world: World) -> None:
    """All inputs are there and the answer is another one: it says in what."""
    replay = Replay(world.table, lambda release: replace(world.load(release), ranker=Backwards()), world)
    replayed = replay.replay("d1")
    assert (replayed.identical, replayed.gone) == (False, ())
    assert any(told.startswith(("home.recs.items: ", "model: ")) for told in replayed.differs)


class Backwards(pages.Even):
    """A ranker that prefers the last candidate."""

    id = "backwards"

    def score(self, features: Any) -> Any:
        """The number of the row."""
        return super().score(features) + range(len(features))


def test_a_placement_that_the_release_has_not_is_said(world: World) -> None:
    """A record that belongs to another store."""
    other = replace(store(), placements={})
    replay = Replay(world.table, lambda release: replace(world.load(release), store=other), world)
    replayed = replay.replay("d1")
    assert not replayed.identical
    named = DecisionRequest(Page("home"), placements=("home.recs",))
    world.decide("d2", NOW, named)
    assert "no placement of this name" in replay.replay("d2").differs[0]


def test_a_decision_that_nobody_recorded_is_unknown(world: World) -> None:
    """And the message says that it may be too early."""
    with pytest.raises(UnknownDecision, match="five minutes"):
        world.replay().replay("d9")


def test_a_stranger_for_want_of_keys_is_replayed_as_one(world: World) -> None:
    """The service names the stage that `decide` knows nothing of."""
    release = world.load(RELEASE)
    tape, context = Tape(), resolve_context("d3", NOW, DecisionRequest(Page("home")), release.store)
    made = decide(
        context,
        release,
        tape.reading(lambda wanted: world.table.read(wanted, 1.0)),
        tape.reading_cards(world.cards),
        tape.claiming(lambda claims: pytest.fail("nobody to count for")),
        lambda stage: None,
    )
    made = replace(made, skipped=("identity", *made.skipped))
    world.records["d3"] = record_of(context, made, None, tape, digest_of_answer(decision_body(made)))
    assert world.replay().replay("d3").identical


def test_an_explanation_changes_nothing(world: World) -> None:
    """It tells more, of the same answer."""
    plain, explained = world.replay().replay("d1"), world.replay().replay("d1", explain=True)
    assert plain.explanation is None
    assert explained.explanation is not None
    assert (explained.body, explained.identical) == (plain.body, True)
    items = [slot["item"] for slot in explained.explanation["placements"]["product.more"]["items"]]
    assert items == [slot["id"] for slot in orjson.loads(plain.body)["placements"]["product.more"]["items"]] != []


def test_releases_are_loaded_once(world: World) -> None:
    """Thousands of records name a handful of releases."""
    loaded = []
    replay = Replay(world.table, lambda release: loaded.append(release) or world.load(release), world)
    for _ in range(3):
        replay.replay("d1")
    assert loaded == [RELEASE]


def outcome(decision: str, *, identical: bool, gone: tuple[str, ...] = ()) -> Replayed:
    """What came out of a replay."""
    return Replayed(decision, b"{}", identical, gone, () if identical else ("model: 1, now 2",), {})


def test_a_person_is_told_what_differs(capsys: pytest.CaptureFixture[str]) -> None:
    """One line per decision, its reasons below, totals; anything that is not the same fails the command."""
    both = [outcome("d1", identical=True), outcome("d2", identical=False, gone=("list row I#1",))]
    assert report(both, tell_same=True) == 1
    assert capsys.readouterr().out.splitlines() == [
        "d1  identical",
        "d2  different",
        "  gone: list row I#1",
        "  differs: model: 1, now 2",
        "2 replayed: 1 identical, 1 different, 1 with inputs that are gone",
    ]
    assert report(both[:1], tell_same=False) == 0
    assert capsys.readouterr().out == "1 replayed: 1 identical, 0 different, 0 with inputs that are gone\n"


def test_rows_are_asked_for_by_their_keys(world: World) -> None:
    """Only those of the release that the decision had: nothing of a visitor is read again but their lists."""
    asked: list[Key] = []

    class Spy(MemoryTable):
        def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
            asked.extend(keys)
            return super().read(keys, timeout_s, latest=latest)

    Replay(Spy(world.table.rows), world.load, world).replay("d1")
    assert asked
    assert all(key.sk == f"R#{RELEASE}" for key in asked)
