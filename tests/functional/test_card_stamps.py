"""Cards are held while the stamp says that they stand still: prices that were changed are shown by the next page view.

From whoever writes cards, through the pointer, to the answer; and with releases published at the same moment.
"""

from collections.abc import Callable

import pytest

from tests.functional.card_shop import HOUR, MINUTE, QUIET, Shop, priced, quiet
from tests.functional.test_publish import Killed
from tests.golden.world import LEAVES, NOW, RELEASE
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.catalog.card_stamp import parse_stamp
from vitrine.decisions.release import Pointer, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.refresh.card_stamps import pack_cards_of, writing
from vitrine.refresh.cards import publish_cards
from vitrine.refresh.published import flip, flipped, read_pointer


@pytest.mark.parametrize("packs", [False, True])
def test_a_price_that_changed_is_shown_by_the_next_page_view(packs: bool) -> None:
    """Cards outlive their minute as long as nobody writes any."""
    shop = Shop(packs=packs)
    shop.serve_a_while()
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
    shop.serve_a_while()
    assert shop.milk() == 100
    shop.write_past_the_stamp(200)
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
    shop.serve_a_while()
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
    assert shop.stamp().is_quiet
    shop.serve_a_while()
    shop.now += 2 * MINUTE
    assert shop.cards_read() == 0


def test_a_killed_writer_is_forgotten_by_a_run_that_writes_nothing() -> None:
    """Before it is, no cards go with a release."""
    shop = Shop()
    with pytest.raises(Killed):
        kill_while_writing(shop)
    shop.write(200)
    assert not shop.stamp().is_quiet
    shop.now += 10 * MINUTE
    shop.write(200)
    assert pack_cards_of(LEAVES, shop.table, shop.objects, shop.clock).part == b""
    shop.now += HOUR
    assert pack_cards_of(LEAVES, shop.table, shop.objects, shop.clock).part != b""
    with pytest.raises(Killed):
        kill_while_writing(shop)
    shop.now += HOUR
    shop.write(200)
    assert shop.stamp().is_quiet


def kill_while_writing(shop: Shop) -> None:
    """The announcement arrives, and nothing else."""
    shop.table.fuse.left = 1
    try:
        with writing(["milk"], b"", shop.table, shop.clock):
            shop.table.delete([keys.card("nothing")])
    finally:
        shop.table.fuse.left = -1


class Full(MemoryObjects):
    """A bucket that takes nothing."""

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""
        raise DependencyFailed("bucket", "full")


def test_a_writer_that_fails_says_so() -> None:
    """What it wrote nobody knows, but it is not waited for; the stamp is quiet, and vouches for nothing of before."""
    shop = Shop(packs=True)
    shop.serve_a_while()
    shop.objects = Full()
    with pytest.raises(DependencyFailed, match="full"):
        shop.write(200)
    assert (shop.stamp().is_quiet, shop.stamp().began_ms > QUIET.began_ms) == (True, True)
    assert shop.milk() == 200


def test_of_a_writer_that_cannot_even_say_that_it_failed_the_first_fault_is_told() -> None:
    """And the stamp stays as of somebody who is at it."""
    shop = Shop()

    def fail() -> None:
        with writing(["milk"], b"", shop.table, shop.clock):
            shop.table.outage = DependencyFailed("table", "down")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    shop.table.outage = None
    assert not shop.stamp().is_quiet


def test_only_what_changed_is_read_again() -> None:
    """A feed changes a few prices many times a day."""
    shop = Shop()
    shop.write(200)
    shop.serve_a_while()
    one = [(item, row | ({"price": 7} if item == "milk" else {})) for item, row in priced(200)]
    publish_cards(iter(one), shop.table, shop.objects, shop.clock, quiet)
    assert shop.cards_read() == 1
    assert shop.milk() == 7


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
