"""Notes from the lake: who is concerned by what a feed changed or a list foresees, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.lake.builders import write_table
from tests.fixtures.lake.raw_lines import event, object_name, raw_objects
from tests.unit.feeds import Offer, Rig, offers, silent
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed, InvalidSource
from vitrine.outreach.person import parse_person
from vitrine.outreach.state import Note, State, StoredState, parse_state
from vitrine.refresh.crm import IDENTITIES
from vitrine.refresh.due import DUE
from vitrine.refresh.feed_lake import CHANGES
from vitrine.refresh.outreach_notes import KIN_DONE, NotesDesk, Planned, together
from vitrine.refresh.sql_engine import Limits
from vitrine.service.kin import join_kin
from vitrine.service.notes import write_notes
from vitrine.service.people import PeopleService
from vitrine.types import DAY_MS, Absent

HOUR_MS = 3_600_000


@dataclass
class Planner:
    """A shop whose feeds, events and lists come in by the hour, and its desk for notes."""

    shop: Rig = field(default_factory=Rig)
    table: MemoryTable = field(default_factory=MemoryTable)

    @property
    def now(self) -> datetime:
        """The shop's clock."""
        return self.shop.now

    @property
    def now_ms(self) -> int:
        """The same in ms."""
        return int(self.now.timestamp() * 1000)

    def plan(self) -> Planned:
        """One run."""
        people = PeopleService(self.table, lambda _: (), lambda _: None, lambda: self.now, lambda _: None)
        return NotesDesk(
            lake=self.shop.lake,
            clock=lambda: self.now,
            limits=Limits(1, 500),
            write=lambda found: write_notes(found, self.table, self.now),
            join=lambda kin: join_kin(kin, self.table, people),
        ).plan(silent)

    def link(self, **people: str) -> None:
        """Visitors and whose they are."""
        for visitor, person in people.items():
            self.table.rows[keys.link(visitor)] = {"person": person, "rev": 1}

    def did(self, *deeds: tuple[Any, ...], **changes: Any) -> None:
        """(visitor, kind, item, hours ago) each; an object of the stream."""
        n = len(self.shop.lake.objects)
        told = [
            event(id=f"{n}-{m}", visitor=who, kind=kind, item=item, at_ms=self.now_ms - ago * HOUR_MS) | changes
            for m, (who, kind, item, ago) in enumerate(deeds)
        ]
        ((_, data),) = raw_objects(told).items()
        self.shop.lake.put(object_name(self.now, n), data)

    def foresee(self, folder: Path, *rows: tuple[str, str, float]) -> None:
        """(visitor, item, hours ahead) each, as the list of what is due."""
        types = {"visitor": "varchar", "item": "varchar", "due_ms": "bigint", "every_days": "double", "score": "double"}
        told = [(who, item, self.now_ms + int(ahead * HOUR_MS), 7.0, 1.0) for who, item, ahead in rows]
        write_table(folder / "due.parquet", types, told)
        self.shop.lake.put(DUE, (folder / "due.parquet").read_bytes())

    def know(self, folder: Path, *rows: tuple[str, str]) -> None:
        """(digest, visitor) each, as what extracts have told."""
        types = {"kind": "varchar", "digest": "varchar", "visitor": "varchar", "seen_ms": "bigint"}
        write_table(folder / "known.parquet", types, [("email", digest, visitor, 1) for digest, visitor in rows])
        self.shop.lake.put(IDENTITIES, (folder / "known.parquet").read_bytes())

    def state(self, person: str) -> State:
        """What outreach remembers of a person."""
        return parse_state(self.table.rows.get(keys.outreach(person), Absent.MISSING)).state

    def noted(self, person: str) -> list[tuple[str, str, int]]:
        """Kind, subject and value of a person's notes, in order."""
        return sorted((note.kind, note.subject, note.value) for note in self.state(person).notes)

    def visitors(self, person: str) -> tuple[str, ...]:
        """Visitors of a person."""
        row = self.table.rows.get(keys.person(person), Absent.MISSING)
        return tuple(sorted(parse_person(row, person)[0].visitors))


def repriced(some: Sequence[Offer], **prices: str) -> list[Offer]:
    """The offers, some at another price; `p0="8.00"` is that of item "0"."""
    return [replace(one, price=prices.get(f"p{one.id}", one.price)) for one in some]


@pytest.fixture
def planner() -> Planner:
    """Ten items at 10.00; Ann (v1, v2) and Bob (v3) are people, v9 is nobody's."""
    planner = Planner()
    planner.shop.take(offers(10))
    planner.link(v1="ann", v2="ann", v3="bob")
    return planner


def test_whoever_wants_an_item_hears_that_it_is_cheaper(planner: Planner) -> None:
    """In the cart, among the favourites or looked at; on any device, once; with the price before and an alarm now."""
    planner.did(("v1", "view", "0", 30), ("v2", "favourite", "0", 20), ("v3", "add_to_cart", "1", 2))
    planner.shop.take(repriced(offers(10), p0="8.00", p1="9.00", p2="5.00"))
    assert planner.plan() == Planned(3, 2, 0)
    assert planner.noted("ann") == [("price_drop", "0", 1000)]
    assert planner.noted("bob") == [("price_drop", "1", 1000)]
    assert planner.state("ann").due_ms == planner.now_ms


@pytest.mark.parametrize(
    "deeds",
    [
        [("view", 9), ("purchase", 5)],
        [("add_to_cart", 9), ("remove_from_cart", 5)],
        [("add_to_cart", 9), ("purchase", 5)],
        [("search", 9)],
        [("view", 24 * 61)],
    ],
)
def test_whoever_wants_it_no_more_does_not(planner: Planner, deeds: list[tuple[str, int]]) -> None:
    """Bought, taken out, never wanted, or long ago."""
    planner.did(*(("v1", kind, "0", ago) for kind, ago in deeds))
    planner.shop.take(repriced(offers(10), p0="8.00"))
    assert planner.plan() == Planned(0, 0, 0)
    assert keys.outreach("ann") not in planner.table.rows


def test_a_favourite_taken_back_is_none(planner: Planner) -> None:
    """The newest word on an item counts."""
    planner.did(("v1", "favourite", "0", 9))
    planner.did(("v1", "favourite", "0", 5), quantity=0)
    planner.shop.take(repriced(offers(10), p0="8.00"))
    assert planner.plan().people == 0


def test_visitors_of_nobody_cost_one_key(planner: Planner) -> None:
    """No row is written for them."""
    planner.did(("v9", "view", "0", 3))
    planner.shop.take(repriced(offers(10), p0="8.00"))
    reads, rows = planner.table.reads, dict(planner.table.rows)
    assert planner.plan() == Planned(1, 0, 0)
    assert (planner.table.reads, planner.table.rows) == (reads + 1, rows)


def test_a_second_run_wakes_nobody(planner: Planner) -> None:
    """The same news again is none, for two days; later it is no news at all."""
    planner.did(("v1", "view", "0", 3))
    planner.shop.take(repriced(offers(10), p0="8.00"))
    assert planner.plan().people == 1
    key = keys.outreach("ann")
    planner.table.rows[key] = StoredState().successor(replace(planner.state("ann"), due_ms=None), "ann", 1)
    before = planner.table.rows[key]
    planner.shop.now += timedelta(hours=5)
    assert planner.plan() == Planned(1, 0, 0)
    planner.shop.now += timedelta(hours=44)
    assert planner.plan() == Planned(0, 0, 0)
    assert planner.table.rows[key] == before


def test_several_drops_are_one_and_a_rise_ends_them(planner: Planner) -> None:
    """The price before the first drop counts; what is dearer again is no news."""
    planner.did(("v1", "view", "0", 3), ("v1", "view", "1", 3))
    planner.shop.take(repriced(offers(10), p0="9.00", p1="9.00"))
    planner.shop.take(repriced(offers(10), p0="8.00", p1="10.00"))
    planner.plan()
    assert planner.noted("ann") == [("price_drop", "0", 1000)]


def test_back_in_stock_where_the_visitor_lives(planner: Planner) -> None:
    """Whoever lives elsewhere hears nothing; whose region nobody knows does. Sold out again is no news."""
    gone = [replace(one, stock="out_of_stock" if one.id in "01" else "in_stock") for one in offers(10)]
    planner.shop.take(gone)
    planner.did(("v1", "view", "0", 3), ("v1", "view", "1", 3), region="north")
    planner.did(("v3", "view", "0", 3), region="elsewhere")
    planner.link(v4="cat")
    planner.did(("v4", "view", "0", 3), region=None)
    planner.shop.take(offers(10))
    planner.shop.take([replace(one, stock="out_of_stock" if one.id == "1" else "in_stock") for one in offers(10)])
    planner.plan()
    assert planner.noted("ann") == planner.noted("cat") == [("back_in_stock", "0", 0)]
    assert planner.noted("bob") == []


def test_what_is_needed_soon_is_noted_with_its_instant(planner: Planner, tmp_path: Path) -> None:
    """Within a day and a half, or missed lately; noted once, however often the list is made; a new instant is news."""
    ahead = [("v1", "0", 30.0), ("v1", "1", 37.0), ("v1", "2", -40.0), ("v1", "3", -50.0), ("v9", "0", 1.0)]
    planner.foresee(tmp_path, *ahead)
    assert planner.plan() == Planned(3, 1, 0)
    due_ms = planner.now_ms + 30 * HOUR_MS
    late_ms = planner.now_ms - 40 * HOUR_MS
    assert planner.noted("ann") == [("replenishment", "0", due_ms), ("replenishment", "2", late_ms)]
    assert {note.at_ms for note in planner.state("ann").notes} == {planner.now_ms // DAY_MS * DAY_MS}
    planner.shop.now += timedelta(hours=24)
    assert planner.plan().people == 1  # item 1, which was too far off
    assert planner.plan().people == 0
    planner.foresee(tmp_path, ("v1", "0", 20.0))
    assert planner.plan().people == 1
    assert ("replenishment", "0", planner.now_ms + 20 * HOUR_MS) in planner.noted("ann")


def test_a_lost_race_is_run_again(planner: Planner) -> None:
    """Somebody else's note stays beside ours."""
    planner.did(("v1", "view", "0", 3))
    planner.shop.take(repriced(offers(10), p0="8.00"))
    key, table = keys.outreach("ann"), planner.table
    fence = Note("geofence", "f1", 5)

    @dataclass
    class Raced(MemoryTable):
        others: int = 1

        def replace(self, *arguments: Any, **named: Any) -> bool:
            if self.others and arguments[0] == key:
                self.others -= 1
                self.rows[key] = StoredState().successor(State(notes=(fence,)), "ann", 1)
            return super().replace(*arguments, **named)

    planner.table = Raced(table.rows)
    assert planner.plan().people == 1
    assert planner.noted("ann") == [("geofence", "f1", 0), ("price_drop", "0", 1000)]


def test_a_damaged_person_stops_nobody_else(planner: Planner) -> None:
    """The worker sets it aside; nor does a damaged link."""
    planner.did(("v1", "view", "0", 3), ("v2", "view", "0", 3), ("v3", "view", "0", 3))
    planner.table.rows[keys.link("v2")] = {"person": 5}
    planner.shop.take(repriced(offers(10), p0="8.00"))
    planner.table.rows[keys.outreach("ann")] = {"state": b"?", "rev": 1, "ttl": 1}
    assert planner.plan().people == 1
    assert planner.noted("bob") == [("price_drop", "0", 1000)]


def test_a_table_that_does_not_answer_is_said(planner: Planner) -> None:
    """The schedule tries again; not-read is not unlinked."""
    planner.did(("v1", "view", "0", 3))
    planner.shop.take(repriced(offers(10), p0="8.00"))
    planner.table.unread.add(keys.link("v1"))
    with pytest.raises(DependencyFailed):
        planner.plan()


def test_an_empty_lake_has_no_news() -> None:
    """Before the first feed."""
    assert Planner().plan() == Planned(0, 0, 0)


@pytest.mark.parametrize("name", [DUE, f"{CHANGES}29991231T000000Z-x.parquet", IDENTITIES])
def test_a_damaged_file_is_named(planner: Planner, name: str) -> None:
    """Nothing is written by halves."""
    planner.shop.lake.put(name, b"no parquet")
    with pytest.raises(InvalidSource, match="Parquet"):
        planner.plan()


@pytest.mark.parametrize("name", [DUE, f"{CHANGES}29991231T000000Z-x.parquet", IDENTITIES])
def test_a_file_that_lacks_a_column_is_refused(planner: Planner, name: str, tmp_path: Path) -> None:
    """With what is wrong."""
    write_table(tmp_path / "odd.parquet", {"odd": "varchar"}, [("x",)])
    planner.shop.lake.put(name, (tmp_path / "odd.parquet").read_bytes())
    with pytest.raises(InvalidSource, match=r"damaged|lacks"):
        planner.plan()


def test_visitors_of_one_address_are_one_person(planner: Planner, tmp_path: Path) -> None:
    """By an extract: who is nobody's joins; people with names stay apart; without a person nobody is made up."""
    planner.link(v6="v:v6")
    planner.know(
        tmp_path,
        ("a", "v1"),
        ("a", "v4"),
        ("b", "v4"),
        ("b", "v6"),
        ("c", "v1"),
        ("c", "v3"),
        ("d", "v7"),
        ("d", "v8"),
        *(("till", f"w{n}") for n in range(30)),
        ("till", "v1"),
    )
    assert planner.plan() == Planned(0, 0, 2)
    assert planner.visitors("ann") == ("v4", "v6")  # v1 and v2 were linked without a person's row
    owners = {v: planner.table.rows.get(keys.link(v), {}).get("person") for v in ("v3", "v4", "v6", "v7", "w1")}
    assert owners == {"v3": "bob", "v4": "ann", "v6": "ann", "v7": None, "w1": None}
    assert planner.state("ann").due_ms == planner.now_ms


def test_kin_are_looked_at_once_a_day(planner: Planner, tmp_path: Path) -> None:
    """And again on the next, for somebody may have become a person meanwhile."""
    planner.know(tmp_path, ("d", "v7"), ("d", "v8"))
    assert planner.plan().joined == 0
    planner.link(v7="v:v7")
    assert planner.plan().joined == 0
    planner.shop.now += timedelta(days=1)
    assert planner.plan().joined == 1
    assert planner.table.rows[keys.link("v8")]["person"] == "v:v7"
    assert planner.shop.lake.get(KIN_DONE) == f"{planner.now:%Y-%m-%d}".encode()


def test_sets_are_what_pairs_connect() -> None:
    """Whatever their order."""
    pairs = [("d", "c"), ("b", "a"), ("c", "b"), ("x", "y")]
    expected = [frozenset("abcd"), frozenset("xy")]
    assert together(pairs) == together(pairs[::-1]) == together([(b, a) for a, b in pairs]) == expected
