"""Decisions over rows that draw from `next`: what a visit is likely to look at next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.pages import NOW, NOW_MS, Even, card, context, placement, store
from tests.unit.tables import related, shelf
from tests.unit.test_pipeline import KNOWN, SHELF, World, items, profile_row, view
from tests.unit.test_pipeline import row as list_row
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.catalog.packed import code
from vitrine.catalog.session_rows import COLUMNS, SessionRow, encode, pack_session_row
from vitrine.decisions.actions import Strategy
from vitrine.decisions.answers import Decision
from vitrine.decisions.body import decision_body
from vitrine.decisions.campaigns import Campaign, Variation
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.foresight import AHEAD
from vitrine.decisions.pipeline import decide
from vitrine.decisions.placements import Placement
from vitrine.decisions.record import digest_of_answer, record_of
from vitrine.decisions.release import Pointer, Release
from vitrine.decisions.session_features import SESSION_FEATURES
from vitrine.decisions.tape import DIGEST_BYTES, Tape
from vitrine.errors import InvalidModel
from vitrine.ports import Ranker
from vitrine.service.replay import Replay
from vitrine.types import Absent, CartLine, ItemId, Key, Page, Row

R = "20261122T000000-00000000"
NEXT = placement("home.next", Strategy("anyone", ("next",), "next"))
BEST = {keys.shelf("north", None, R): list_row(shelf(["best 1", "best 2"]))}
LAST_X = DecisionRequest(Page("home"), recent=("x",), consent=frozenset({"personalization"}))


def session_row(item: ItemId, following: Sequence[ItemId], **columns: Sequence[float]) -> Row:
    """A row in the table: after the item came these, the first most often; `columns` overrides what is told of them."""
    ids = [item, *following]
    often = {"next", "next_lately", "after", "after_decayed", "after_lately"}
    told = {
        name: [0.0, *(8.0 / n for n in range(1, len(ids)))] if name in often else [1.0] * len(ids) for name in COLUMNS
    }
    told |= dict.fromkeys(("before", "before_decayed", "before_lately", "kin"), [0.0] * len(ids)) | columns
    codes = encode(np.array([told[name] for name in COLUMNS]))
    return {"table": pack_session_row(SessionRow(ids, np.array([code(one) for one in ids], np.uint32), codes))}


def next_rows(**following: Sequence[ItemId]) -> dict[Key, Row]:
    """Session rows by item."""
    return {keys.session_row(item, R): session_row(item, others) for item, others in following.items()}


class Broken:
    """A ranker whose scores are refused."""

    id = "broken"

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Never."""
        raise InvalidModel("a score is not finite")


class Backwards:
    """A ranker of next items for which the rarest is the likeliest; it remembers the shapes that it was given."""

    id = "backwards"

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Minus how often it came after the last item."""
        self.shapes.append(features.shape)
        scores: NDArray[np.float32] = -features[:, SESSION_FEATURES.index("last_after")]
        return scores


def release_of(*placements: Placement, next_ranker: Ranker | None = None, **changes: Any) -> Release:
    """A release of a store with these placements."""
    release = Release(R, NOW_MS, store(*placements, **changes), Even(), {})
    return release if next_ranker is None else replace(release, next_ranker=next_ranker)


def run(world: World, request: DecisionRequest = LAST_X, release: Release | None = None) -> Decision:
    """The decision over the row of next items, unless another release is given."""
    chosen = release or release_of(NEXT)
    page = context(request, chosen.store)
    return decide(page, chosen, world.read, world.read_cards, world.claim, lambda stage: None)


def test_what_comes_next_is_shown_likeliest_first() -> None:
    """The reason names the list; one batched read brings the session row with everything else."""
    world = World({**BEST, **next_rows(x=["y", "z"])})
    decision = run(world)
    assert items(decision) == ["y", "z"]
    assert {slot.reason.list for slot in decision.placements[0].items} == {"next"}
    assert decision.skipped == ()
    assert len(world.reads) == 1
    assert keys.session_row("x", R) in world.reads[0]


def test_the_page_itself_is_the_newest_view() -> None:
    """Its session row rides in the first read, too, and what is looked at is not foretold."""
    product = replace(NEXT, pages=frozenset({"product"}))
    world = World({**BEST, **next_rows(x=["here", "z"], here=["x", "y"])})
    decision = run(world, replace(LAST_X, page=Page("product", item="here")), release_of(product))
    assert items(decision) == ["y", "z"]
    assert len(world.reads) == 1


def test_views_that_only_the_profile_knows_take_the_second_read() -> None:
    """A page that sends no recent items is served from the profile's."""
    world = World({**BEST, **next_rows(x=["y"]), keys.profile("v"): profile_row(view("x", 60))})
    assert items(run(world, KNOWN)) == ["y"]
    assert {key.sk for key in world.reads[1]} == {f"R#{R}", f"S#{R}"}


def test_at_most_eight_session_rows_are_read() -> None:
    """Those of the newest items."""
    recent = tuple(f"x{n}" for n in range(20))
    world = World({**BEST, **next_rows(x0=["y"])})
    run(world, replace(LAST_X, recent=recent))
    found = [key.pk for reads in world.reads for key in reads if key.sk.startswith("S#")]
    assert found == [f"I#x{n}" for n in range(8)]


def test_a_store_that_does_not_look_ahead_reads_no_session_rows() -> None:
    """Only rows that ask for `next` pay for it."""
    world = World({**BEST, **next_rows(x=["y"])})
    assert items(run(world, release=release_of(placement("home.recs")))) == ["best 1", "best 2"]
    assert not [key for reads in world.reads for key in reads if key.sk.startswith("S#")]


def test_a_campaign_whose_row_looks_ahead_reads_for_itself() -> None:
    """What the placement alone would not have asked for is read once the campaign has won."""
    ahead = Campaign("ahead", frozenset({"home.recs"}), (Variation("a", NEXT.action),))
    world = World({**BEST, **next_rows(x=["y", "z"])})
    decision = run(world, release=release_of(placement("home.recs"), campaigns=(ahead,)))
    assert (items(decision), decision.placements[0].campaign) == (["y", "z"], "ahead")
    assert list(world.reads[-1]) == [keys.session_row("x", R)]


def test_what_the_visit_has_seen_is_left_out() -> None:
    """Going back is likely, and has a list of its own."""
    world = World({**BEST, **next_rows(x=["w", "y", "x"], w=["x", "z"])})
    assert items(run(world, replace(LAST_X, recent=("x", "w", "x")))) == ["y", "z"]


def test_a_visit_that_foretells_nothing_leaves_the_row_to_the_next_strategy() -> None:
    """No views, or items that no release knows: bestsellers, as the store says."""
    both = placement("home.next", *NEXT.action.row.strategies, *placement("b").action.row.strategies)
    for recent in ((), ("unknown",)):
        decision = run(World(BEST), replace(LAST_X, recent=recent), release_of(both))
        assert items(decision) == ["best 1", "best 2"]
        assert decision.skipped == ()


def test_a_row_that_could_not_be_read_is_told() -> None:
    """Not read is not missing: the page says that it gave up lists."""
    world = World({**BEST, **next_rows(x=["y"])}, unread=[keys.session_row("x", R)])
    decision = run(world)
    assert decision.placements[0].reasons == ("not_read",)
    assert "lists" in decision.skipped


def test_one_row_of_two_is_enough_to_go_by() -> None:
    """What is known is shown; that something was out of reach is told all the same."""
    world = World({**BEST, **next_rows(x=["y"], w=["z"])}, unread=[keys.session_row("x", R)])
    decision = run(world, replace(LAST_X, recent=("x", "w")))
    assert items(decision) == ["z"]
    assert "lists" in decision.skipped


@pytest.mark.parametrize("damage", [{"table": b"\xc1"}, {"table": b""}, {"table": "text"}, {}])
def test_a_damaged_row_says_nothing(damage: Row) -> None:
    """The others still speak."""
    rows = {**BEST, **next_rows(w=["z"]), keys.session_row("x", R): damage}
    decision = run(World(rows), replace(LAST_X, recent=("x", "w")))
    assert items(decision) == ["z"]


def test_what_is_sold_out_is_not_shown() -> None:
    """Session rows know nothing of stock: the live card does."""
    world = World({**BEST, **next_rows(x=["south only", "nowhere", "gone", "y"])})
    world.cards = {"south only": card("a", regions=0b10), "nowhere": card("b", regions=0), "gone": Absent.MISSING}
    decision = run(world)
    assert items(decision) == ["y"]
    assert decision.skipped == ()


def test_cards_that_could_not_be_read_are_told() -> None:
    """Whether they are in stock nobody knows, so they are not shown."""
    world = World({**BEST, **next_rows(x=["far", "y"])})
    world.cards = {"far": Absent.NOT_READ}
    decision = run(world)
    assert items(decision) == ["y"]
    assert "lists" in decision.skipped


def test_what_lies_in_the_cart_is_left_out() -> None:
    """As it is of every row."""
    world = World({**BEST, **next_rows(x=["y", "z"])})
    assert items(run(world, replace(LAST_X, cart=(CartLine("y"),)))) == ["z"]


def test_the_trained_ranker_orders_the_list() -> None:
    """It is asked once, for all candidates, with the features that it was trained on."""
    ranker = Backwards()
    world = World({**BEST, **next_rows(x=["y", "z", "w"])})
    assert items(run(world, release=release_of(NEXT, next_ranker=ranker))) == ["w", "z", "y"]
    assert ranker.shapes == [(4, len(SESSION_FEATURES))]


def test_plain_counts_stand_in_for_a_ranker_that_fails() -> None:
    """The page is as it would be without one."""
    rows = {**BEST, **next_rows(x=["y", "z"])}
    assert items(run(World(rows), release=release_of(NEXT, next_ranker=Broken()))) == items(run(World(rows)))


def test_cards_of_so_many_are_read_and_no_more() -> None:
    """However much the rows name."""
    world = World({**BEST, **next_rows(x=[f"y{n}" for n in range(90)])})
    asked: list[Sequence[ItemId]] = []
    read = world.read_cards
    world.read_cards = lambda wanted: asked.append(wanted) or read(wanted)  # type: ignore[method-assign,func-returns-value]
    run(world)
    assert len(asked) == 2
    assert set(asked[1]) < set(asked[0])
    assert len(asked[0]) == AHEAD


def test_what_other_rows_show_does_not_change_with_it() -> None:
    """Items that only session rows name join the candidates, and those of the other lists stay as they were."""
    recs = placement("home.recs", max_per_brand=1)
    rows = {**BEST, **next_rows(x=["best 2", "y"])}
    alone, beside = (run(World(rows), release=release_of(*some)) for some in ((recs,), (recs, NEXT)))
    assert items(alone) == items(beside) == ["best 1"]
    assert items(beside, 1) == ["best 2", "y"]


def test_unknown_brands_are_not_one_brand() -> None:
    """A card tells no brand, so a row that takes one item of each brand takes all of which none is known."""
    few = replace(NEXT, action=replace(NEXT.action, row=replace(NEXT.action.row, max_per_brand=1)))
    assert items(run(World({**BEST, **next_rows(x=["y", "z"])}), release=release_of(few))) == ["y", "z"]


@pytest.mark.parametrize("ranker", [None, Backwards(), Broken()])
def test_it_replays_byte_for_byte_and_records_session_rows_by_digest(ranker: Ranker | None) -> None:
    """A record holds no session row, only what proves that it is still the same; one that is gone is named."""
    stored = next_rows(x=["y", "z", "sold out"], w=["y"])
    pointer = {keys.RELEASE_POINTER: Pointer(R, "0" * 64, None, 1).to_row()}
    table = MemoryTable({**pointer, **BEST, **SHELF, **stored, keys.related("x", R): list_row(related("x", ["n"]))})
    release, tape = release_of(NEXT, placement("home.recs"), next_ranker=ranker), Tape()
    request = replace(LAST_X, visitor="v", recent=("x", "w"))
    circumstances = resolve_context("d1", NOW, request, release.store)

    def read_cards(wanted: Sequence[ItemId]) -> Mapping[ItemId, Any]:
        return {item: card(item, regions=0 if item == "sold out" else 1) for item in wanted}

    made = decide(
        circumstances,
        release,
        tape.reading(lambda wanted: table.read(wanted, 1.0)),
        tape.reading_cards(read_cards),
        tape.claiming(World({}).claim),
        lambda stage: None,
    )
    body = decision_body(made)
    assert items(made) == (["y", "z"] if not isinstance(ranker, Backwards) else ["z", "y"])
    line = record_of(circumstances, made, "v", tape, digest_of_answer(body))
    replay = Replay(table, lambda name: release, None)  # type: ignore[arg-type]
    again = replay.replay_record(line)
    assert (again.identical, again.body, again.gone) == (True, body, ())
    kept = [entry for key, entry in Tape.from_bytes(tape.to_bytes()).rows if key.sk.startswith("S#")]
    assert [len(one) for one in kept if isinstance(one, bytes)] == [DIGEST_BYTES, DIGEST_BYTES]
    table.rows[keys.session_row("x", R)] = session_row("x", ["z", "y"])
    del table.rows[keys.session_row("w", R)]
    told = replay.replay_record(line)
    assert not told.identical
    assert set(told.gone) >= {f"list row I#x of release {R} was altered", f"list row I#w of release {R} is gone"}
