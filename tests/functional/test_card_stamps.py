"""Cards are held while the stamp says that they stand still: prices that were changed are shown by the next page view.

From whoever writes cards, through the pointer, to the answer; and with releases published at the same moment.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest

from tests.functional.test_publish import Fuse, FusedTable, Killed
from tests.golden.world import KEYS, LEAVES, NOW, NOW_MS, RELEASE, STORE, LinearRanker, card_of, rows
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryStream, MemoryTable
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.card_stamp import STAMP, CardStamp, parse_stamp
from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import CARDS, unpack_cards
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.record import parse_record
from vitrine.decisions.release import Pointer, Release, parse_pointer
from vitrine.decisions.tape_cards import Kept
from vitrine.errors import InvalidRelease
from vitrine.refresh.card_stamps import pack_cards_of, writing
from vitrine.refresh.cards import publish_cards
from vitrine.refresh.published import flip, flipped, read_pointer
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.service.replay import Replay
from vitrine.types import ItemId, Key, Page, Row, Rows

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
QUIET = CardStamp(NOW_MS - 3_600_000, NOW_MS - 3_600_000)
REQUEST = DecisionRequest(Page("home"), consent=frozenset({"personalization"}), placements=("home.recs",))


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def priced(price: int, items: tuple[ItemId, ...] = tuple(LEAVES)) -> Iterator[tuple[ItemId, Row]]:
    """The catalogue's cards at one price; `updated_ms` is a part of the row."""
    return ((item, asdict(replace(card_of(item), price=price)) | {"updated_ms": 1}) for item in items)


class Spied(FusedTable):
    """A table that notes what is read of it, and can be killed."""

    asked: list[Key]

    def read(self, wanted: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        self.asked = [*getattr(self, "asked", ()), *wanted]
        return super().read(wanted, timeout_s, latest=latest)


class Shop:
    """The decide service over a table whose pointer has a quiet stamp; cards are written as the jobs do."""

    def __init__(self, *, has_stamp: bool = True, packs: bool = False) -> None:
        self.now = NOW
        self.table = Spied(fuse=Fuse(-1))
        pointer = Pointer(RELEASE, "0" * 64, None, 1, cards=QUIET.to_bytes() if has_stamp else b"")
        self.table.rows.update(rows() | {keys.RELEASE_POINTER: pointer.to_row()})
        self.objects, self.records = MemoryObjects(), MemoryStream()
        compiled = load_store(compile_store(STORE))
        packed = unpack_cards(pack_cards_of(list(LEAVES) if packs else [], self.table, self.clock).part)
        self.release = Release(RELEASE, NOW_MS, compiled, LinearRanker(), {}, cards=packed)
        self.service = DecideService(
            table=self.table,
            releases=Releases(self.table, lambda pointer: self.release, lambda: self.release),
            records=self.records,
            token_keys=lambda kid: KEYS,
            clock=self.clock,
            new_id=lambda now: f"d-{now:%H%M%S}",
            entropy=bytes,
            seconds=lambda: 0.0,
            exercise_share=0.0,
        )

    def clock(self) -> datetime:
        """The present."""
        return self.now

    def write(self, price: int) -> None:
        """As a refresh and a feed do."""
        publish_cards(priced(price), self.table, self.objects, self.clock, quiet)

    def milk(self) -> int:
        """The price of milk on the next page view."""
        placement = next(iter(self.service.decide(None, REQUEST).decision.placements))
        return next(slot.card.price for slot in placement.items if slot.item == "milk")

    def cards_read(self) -> int:
        """How many cards a page view reads."""
        self.table.asked = []
        self.milk()
        return sum(key.sk == "CARD" for key in self.table.asked)


@pytest.mark.parametrize("packs", [False, True])
def test_a_price_that_changed_is_shown_by_the_next_page_view(packs: bool) -> None:
    """Cards outlive their minute as long as nobody writes any."""
    shop = Shop(packs=packs)
    assert shop.milk() == 100
    shop.now += 10 * MINUTE
    assert shop.cards_read() == 0
    shop.write(200)
    assert shop.milk() == 200
    shop.now += MINUTE / 2
    shop.write(300)
    assert shop.milk() == 300


def test_what_was_written_past_the_stamp_is_not_seen_in_time() -> None:
    """The control: it is the stamp that ends what is held, and an hour at most."""
    shop = Shop()
    assert shop.milk() == 100
    shop.table.write((keys.card(item), row) for item, row in priced(200))
    shop.now += 10 * MINUTE
    assert shop.milk() == 100
    shop.now += HOUR
    assert shop.milk() == 200


def test_without_a_stamp_cards_are_held_for_a_minute() -> None:
    """A pointer of older code, and what such code makes of ours."""
    shop = Shop(has_stamp=False)
    shop.milk()
    assert shop.cards_read() == 0
    shop.now += 2 * MINUTE
    assert shop.cards_read() > 0
    assert read_pointer(shop.table) == Pointer(RELEASE, "0" * 64, None, 1)


def test_while_a_writer_is_at_it_or_was_killed_cards_are_held_for_a_minute() -> None:
    """Killed half-way, nobody knows what it wrote; the next writer, some time after, ends that."""
    shop = Shop()
    shop.milk()
    shop.now += 10 * MINUTE
    shop.table.fuse.left = 1  # the announcement arrives, the cards do not all
    with pytest.raises(Killed):
        shop.write(200)
    shop.table.fuse.left = -1
    shop.table.write((keys.card(item), row) for item, row in priced(200))
    assert shop.milk() == 200
    shop.now += 2 * MINUTE
    assert shop.cards_read() > 0
    shop.now += HOUR
    shop.write(300)
    stamp = parse_stamp(shop.table.rows[keys.RELEASE_POINTER][STAMP])
    assert stamp is not None
    assert stamp.is_quiet
    shop.milk()
    shop.now += 2 * MINUTE
    shop.milk()
    shop.now += 2 * MINUTE
    assert shop.cards_read() == 0


def test_only_what_changed_is_read_again() -> None:
    """A feed changes a few prices many times a day."""
    shop = Shop()
    shop.write(200)
    shop.now += 2 * MINUTE
    shop.milk()
    one = [(item, row | ({"price": 7} if item == "milk" else {})) for item, row in priced(200)]
    publish_cards(iter(one), shop.table, shop.objects, shop.clock, quiet)
    assert shop.cards_read() == 1
    assert shop.milk() == 7


def test_cards_that_come_with_the_release_need_no_reading() -> None:
    """A new environment shows them at once; a record names them, and a replay finds them there."""
    shop = Shop(packs=True)
    assert shop.cards_read() == 0
    record = parse_record(shop.records.records[-1])
    assert {card for _, card in record.tape.cards} == {Kept.IN_RELEASE}
    log = type("Log", (), {"find": lambda self, decision: shop.records.records[-1]})()
    for release, is_same in ((shop.release, True), (replace(shop.release, cards=unpack_cards(b"")), False)):
        again = Replay(shop.table, lambda wanted, one=release: one, log).replay(record.decision)
        assert again.identical == is_same
        assert bool(again.gone) != is_same


def test_no_cards_are_packed_while_somebody_writes() -> None:
    """They could be of before and of after."""
    shop = Shop()
    with writing(["milk"], shop.table, shop.clock):
        assert pack_cards_of(LEAVES, shop.table, shop.clock).part == b""
    packed = unpack_cards(pack_cards_of([*LEAVES, "gone"], shop.table, shop.clock).part)
    assert (len(packed), packed.find("milk"), packed.find("gone")) == (len(LEAVES), card_of("milk"), None)


class Between(MemoryTable):
    """A table in which something happens between somebody's read of the pointer and their write of it."""

    def meanwhile(self, act: Callable[[], object]) -> None:
        """Do this before the next write of the pointer."""
        replace_row = self.replace

        def once(key, row, expected_rev, timeout_s=None):  # type: ignore[no-untyped-def]
            self.replace = replace_row  # type: ignore[method-assign]
            act()
            return replace_row(key, row, expected_rev, timeout_s)

        self.replace = once  # type: ignore[method-assign]


def busy() -> Between:
    """A table with a release and a quiet stamp."""
    pointer = Pointer("r1", "1" * 64, None, 1, cards=QUIET.to_bytes())
    return Between({keys.RELEASE_POINTER: pointer.to_row()})


def test_a_release_keeps_the_stamp_that_came_between() -> None:
    """Who publishes is not in conflict with who stamps, and nothing of a stamp is lost."""
    table = busy()
    before = read_pointer(table)
    assert before is not None
    table.meanwhile(lambda: publish_cards(priced(200), table, MemoryObjects(), lambda: NOW, quiet))
    now = flip(Pointer("r2", "2" * 64, "r1", 2, cards=before.cards), before, table)
    assert now == read_pointer(table)
    assert (now.release, now.previous, now.rev) == ("r2", "r1", 4)
    stamp = parse_stamp(now.cards)
    assert stamp is not None
    assert (stamp.is_quiet, stamp.n_changes) == (True, len(LEAVES))


def test_a_stamp_does_not_undo_the_release_that_came_between() -> None:
    """Who stamps begins again with the pointer that is there."""
    table = busy()
    before = read_pointer(table)
    assert before is not None
    table.meanwhile(lambda: flip(Pointer("r2", "2" * 64, "r1", 2, cards=before.cards), before, table))
    publish_cards(priced(200), table, MemoryObjects(), lambda: NOW, quiet)
    now = parse_pointer(table.rows[keys.RELEASE_POINTER])
    assert (now.release, now.rev, now.cards == before.cards) == ("r2", 4, False)


def test_two_releases_at_once_are_still_in_conflict() -> None:
    """The control: only a stamp is taken over."""
    table = busy()
    before = read_pointer(table)
    assert before is not None
    table.meanwhile(lambda: flip(Pointer("r3", "3" * 64, "r1", 2, cards=before.cards), before, table))
    assert flipped(Pointer("r2", "2" * 64, "r1", 2, cards=before.cards), before, table) is None
    with pytest.raises(InvalidRelease, match="meanwhile"):
        flip(Pointer("r2", "2" * 64, "r1", 2, cards=before.cards), before, table)


def test_the_part_is_one_of_a_release() -> None:
    """Its name, for readers of the bucket; a part that is none is an empty one."""
    assert CARDS == "cards"
    for data in (b"", b"\xc1", b"\x90"):
        assert len(unpack_cards(data)) == 0
    assert isinstance(card_of("milk"), Card)
