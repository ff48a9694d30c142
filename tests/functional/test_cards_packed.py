"""Cards that come with a release: what they are worth, for how long, and when there are none."""

from dataclasses import replace
from itertools import chain

import pytest

from tests.functional.card_shop import HOUR, MINUTE, QUIET, REQUEST, Shop, priced, quiet
from tests.golden.world import LEAVES, card_of
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import CARDS, unpack_cards
from vitrine.decisions.record import parse_record
from vitrine.decisions.release import Pointer
from vitrine.decisions.tape_cards import Kept
from vitrine.refresh.card_stamps import WRITTEN, confirm, pack_cards_of, writing
from vitrine.refresh.cards import publish_cards
from vitrine.refresh.published import flip
from vitrine.service.card_cache import PACKED_TTL
from vitrine.service.replay import Replay


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


def test_what_was_written_past_the_stamp_is_shown_in_a_day_and_a_bit_where_cards_come_with_the_release() -> None:
    """By a new environment too, which takes them from the release no longer then."""
    shop = Shop(packs=True)
    shop.write_past_the_stamp(200)
    shop.now += PACKED_TTL - MINUTE
    shop.service = shop.environment()
    assert shop.milk() == 100
    shop.now += MINUTE
    assert shop.environment().decide(None, REQUEST).body != shop.service.decide(None, REQUEST).body
    shop.now += HOUR
    assert shop.milk() == 200


@pytest.mark.parametrize("writes_too", [False, True])
def test_what_code_without_stamps_wrote_is_found_by_the_next_run_that_knows_them(writes_too: bool) -> None:
    """After a rollback of code, or by a feed that was under way: the note of what was written is another one then. The
    run may have something to write itself, or not."""
    shop = Shop(packs=True)
    publish_cards(priced(200), MemoryTable(), shop.objects, shop.clock, quiet)  # a table that has no stamp to tell
    shop.write_past_the_stamp(200)
    shop.now += HOUR
    shop.service = shop.environment()
    assert shop.milk() == 100
    others = priced(300 if writes_too else 200, tuple(item for item in LEAVES if item != "milk"))
    publish_cards(chain(others, priced(200, ("milk",))), shop.table, shop.objects, shop.clock, quiet)
    assert shop.milk() == 200
    stamp = shop.stamp()
    assert (stamp.is_quiet, stamp.n_changes) == (True, len(LEAVES) - 1 if writes_too else 0)
    assert confirm(shop.objects.objects[WRITTEN], shop.table, shop.clock) == stamp


def test_a_release_packs_nothing_by_a_stamp_that_others_wrote_past() -> None:
    """What it reads is the latest, but cards that were packed and read before are worth nothing any more."""
    shop = Shop(packs=True)
    shop.write_past_the_stamp(200)
    shop.objects.put(WRITTEN, b"{}")
    part = pack_cards_of(LEAVES, shop.table, shop.objects, shop.clock).part
    assert unpack_cards(part).began_ms == shop.stamp().began_ms > QUIET.began_ms
    assert shop.milk() == 200


def test_no_cards_are_packed_while_somebody_writes() -> None:
    """They could be of before and of after."""
    shop = Shop()
    with writing(["milk"], b"", shop.table, shop.clock):
        assert pack_cards_of(LEAVES, shop.table, shop.objects, shop.clock).part == b""
    packed = unpack_cards(pack_cards_of([*LEAVES, "gone"], shop.table, shop.objects, shop.clock).part)
    assert (len(packed), packed.find("milk"), packed.find("gone")) == (len(LEAVES), card_of("milk"), None)


@pytest.mark.parametrize("writer", ["none", "done before the flip", "done after the flip"])
@pytest.mark.parametrize("pointer", [None, Pointer("r1", "1" * 64, None, 1)])
def test_the_first_stamp_is_confirmed_after_the_flip(pointer: Pointer | None, writer: str) -> None:
    """A writer that was at it before there was a stamp could not say so. Its note tells of it if it ended before the
    flip, and its end does if that came after; else what was packed is worth what the stamp says."""
    shop = Shop()
    del shop.table.rows[keys.RELEASE_POINTER]
    if pointer is not None:
        shop.table.rows[keys.RELEASE_POINTER] = pointer.to_row()
    shown = pack_cards_of(LEAVES, shop.table, shop.objects, shop.clock)
    packed = unpack_cards(shown.part)
    assert len(packed) == len(LEAVES)
    shop.now += MINUTE
    bare = MemoryTable()  # as the table was when the writer looked for a stamp
    if writer == "done before the flip":
        publish_cards(priced(200), bare, shop.objects, shop.clock, quiet)
    flip(Pointer("r2", "2" * 64, None, 2, cards=shown.stamp), pointer, shop.table)
    if writer == "done after the flip":
        shop.write(200)
    stamp = confirm(shop.objects.get(WRITTEN) or b"", shop.table, shop.clock)
    assert stamp is not None
    assert stamp.is_quiet
    is_vouched_for = stamp.began_ms == packed.began_ms and stamp.n_changes == packed.n_changes
    assert is_vouched_for is (writer == "none")


def test_the_part_is_one_of_a_release() -> None:
    """Its name, for readers of the bucket; a part that is none is an empty one."""
    assert CARDS == "cards"
    for data in (b"", b"\xc1", b"\x90"):
        assert len(unpack_cards(data)) == 0
    assert isinstance(card_of("milk"), Card)
