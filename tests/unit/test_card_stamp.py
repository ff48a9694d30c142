"""The stamp of the cards: it never vouches for a card that somebody has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.pages import card
from vitrine.catalog.card_stamp import DEAD_AFTER_MS, MAX_CHANGES, CardStamp, codes_of, parse_stamp
from vitrine.catalog.items import Card
from vitrine.service.card_cache import CardCache

T0 = 1_795_000_000_000
NEW = CardStamp(T0, T0)
ITEMS = [f"i{n}" for n in range(6)]


def test_a_writer_is_named_until_done() -> None:
    """While one of two is at it, the stamp is not quiet; both their items are named."""
    both = NEW.begun("a", T0 + 1).begun("b", T0 + 2)
    one = both.ended("a", ["x"], T0 + 3)
    done = one.ended("b", ["y", "z"], T0 + 4)
    assert [stamp.is_quiet for stamp in (NEW, both, one, done)] == [True, False, False, True]
    assert (done.began_ms, done.changed_ms, done.changes) == (T0, T0 + 4, codes_of(["x", "y", "z"]))


def test_what_is_too_much_to_name_ends_all_that_was_known() -> None:
    """The run of changes has another name then; one more than there is room for is too much."""
    full = NEW.ended("a", [str(n) for n in range(MAX_CHANGES)], T0 + 5)
    assert (full.began_ms, full.n_changes) == (T0, MAX_CHANGES)
    more = full.ended("a", ["x"], T0 + 9)
    assert (more.began_ms, more.changed_ms, more.n_changes) == (T0 + 9, T0 + 9, 0)
    assert len(full.to_bytes()) < 2_200  # within a read step, with the pointer


def test_a_killed_writer_is_forgotten_after_a_while_and_all_that_was_known_with_it() -> None:
    """Nobody knows which cards it wrote."""
    killed = NEW.ended("z", ["x"], T0 + 1).begun("a", T0 + 1)
    early, late = (killed.begun("b", T0 + ms) for ms in (DEAD_AFTER_MS, DEAD_AFTER_MS + 1))
    assert [token for token, _ in early.writers] == ["a", "b"]
    assert [token for token, _ in late.writers] == ["b"]
    assert (early.began_ms, late.began_ms, late.n_changes) == (T0, T0 + DEAD_AFTER_MS + 1, 0)
    assert late.ended("b", [], T0).is_quiet


def test_who_finds_another_note_or_a_killed_writer_begins_anew() -> None:
    """And who finds all as it should be changes nothing; writers who may be at it stay."""
    noted = NEW.confirmed(b"n", T0 + 1).ended("z", ["x"], T0 + 2).begun("a", T0 + 3)
    assert noted.confirmed(b"n", T0 + 4) is noted
    other = noted.confirmed(b"m", T0 + 4)
    assert (other.began_ms, other.n_changes, other.written, other.is_quiet) == (T0 + 4, 0, b"m", False)
    late = noted.confirmed(b"n", T0 + 3 + DEAD_AFTER_MS)
    assert (late.began_ms, late.n_changes, late.is_quiet) == (T0 + 3 + DEAD_AFTER_MS, 0, True)


def test_a_writer_that_stops_half_way_takes_all_that_was_known_along() -> None:
    """At once, and the other one that is at it stays."""
    stopped = NEW.ended("z", ["x"], T0 + 1).begun("a", T0 + 2).begun("b", T0 + 3).withdrawn("a", T0 + 4)
    assert (stopped.began_ms, stopped.n_changes) == (T0 + 4, 0)
    assert [token for token, _ in stopped.writers] == ["b"]


def test_no_two_runs_share_a_name_on_any_clock() -> None:
    """A clock that was set back does not bring an old run back."""
    stamp, names = NEW, {T0}
    for at_ms in (T0 - 5, T0 - 5, T0 - 9, T0):
        stamp = stamp.ended("a", map(str, range(MAX_CHANGES + 1)), at_ms)
        assert stamp.began_ms not in names
        names.add(stamp.began_ms)


def test_a_stamp_comes_back_from_its_bytes() -> None:
    """With names and writers."""
    stamp = NEW.confirmed(b"note", T0).ended("a", ["x"], T0 + 1).begun("b", T0 + 2)
    assert (stamp.n_changes, stamp.written, len(stamp.writers)) == (1, b"note", 1)
    assert parse_stamp(stamp.to_bytes()) == stamp


@pytest.mark.parametrize(
    "told",
    [
        None,
        "text",
        b"",
        b"\xc1",
        msgpack.packb([2, T0, T0, b"abc", [], b""]),
        msgpack.packb([2, T0, T0, b"", ["ab"], b""]),
        msgpack.packb([2, T0, T0, b"", [["a", "b"]], b""]),
        msgpack.packb([2, T0, T0, b"", [], 7]),
        msgpack.packb([1, T0, T0, b"", []]),
        msgpack.packb([3, T0, T0, b"", [], b""]),
        msgpack.packb({"a": 1}),
    ],
)
def test_what_is_no_stamp_tells_nothing(told: object) -> None:
    """Damaged, or of another version."""
    assert parse_stamp(told) is None


@given(st.binary(max_size=60))
def test_bytes_are_a_stamp_or_none(data: bytes) -> None:
    """Whatever they are."""
    assert parse_stamp(data) is None or isinstance(parse_stamp(data), CardStamp)


@dataclass
class Shop:
    """A table of prices with its stamp, writers that come and go, and an environment that holds cards."""

    now_s: float = T0 / 1000
    prices: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ITEMS, 0))
    stamp: CardStamp = NEW
    writing: dict[str, dict[str, int]] = field(default_factory=dict)
    cache: CardCache = field(default_factory=CardCache)
    n: int = 0
    rev: int = 0

    @property
    def now_ms(self) -> int:
        """The present."""
        return int(self.now_s * 1000)

    def begin(self, items: list[str]) -> None:
        """A writer announces itself."""
        self.n += 1
        self.writing[f"w{self.n}"] = dict.fromkeys(items, self.n)
        self.stamp, self.rev = self.stamp.begun(f"w{self.n}", self.now_ms), self.rev + 1

    def work(self, is_killed: bool) -> None:
        """The longest at it writes: all and says so, or one card and no more."""
        if self.writing:
            token, prices = next(iter(self.writing.items()))
            del self.writing[token]
            self.prices.update(list(prices.items())[:1] if is_killed else prices)
            if not is_killed:
                self.stamp, self.rev = self.stamp.ended(token, list(prices), self.now_ms), self.rev + 1

    def look(self, items: list[str]) -> dict[str, int]:
        """What a page view shows: what is held, and the rest from the table."""
        now = datetime.fromtimestamp(self.now_s, UTC)
        word = self.cache.hear(self.stamp.to_bytes(), self.rev, now)
        found = self.cache.find(items, now, word)
        fresh = {item: card(item, self.prices[item]) for item in items if item not in found}
        self.cache.keep(fresh, now, word)
        return {item: told.price for item, told in {**found, **fresh}.items() if isinstance(told, Card)}


some = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), some),
        st.tuples(st.just("work"), st.booleans()),
        st.tuples(st.just("look"), some),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 70.0, 1900.0, 4000.0])),
    ),
    max_size=40,
)


def stale(shop: Shop, told: list[tuple[str, object]]) -> list[str]:
    """Items that were shown with an old price although the stamp was quiet."""
    wrong: list[str] = []
    acts: dict[str, Callable[..., object]] = {"begin": shop.begin, "work": shop.work}
    for act, value in told:
        if act == "wait":
            shop.now_s += value  # type: ignore[operator]
        elif act == "look":
            shown = shop.look(value)  # type: ignore[arg-type]
            if shop.stamp.is_quiet:
                wrong += [item for item, price in shown.items() if price != shop.prices[item]]
        else:
            acts[act](value)
    return wrong


KILLED = [("wait", 70.0), ("look", ["i0"]), ("begin", ["i0"]), ("work", True), ("look", ["i0"])]
NEXT = [("wait", 1900.0), ("begin", ["i1"]), ("work", False), ("look", ["i0"])]


@given(steps)
@example([*KILLED, *NEXT])
def test_under_a_quiet_stamp_no_old_price_is_ever_shown(told: list[tuple[str, object]]) -> None:
    """Whoever wrote, was killed or was slow meanwhile, in whatever order, and however long cards are held."""
    assert stale(Shop(), told) == []


def test_a_writer_that_says_nothing_is_found_out() -> None:
    """The control: without the stamp's word, an old price is shown for up to an hour."""

    class Silent(Shop):
        def begin(self, items: list[str]) -> None:
            self.prices.update(dict.fromkeys(items, 9))

    looks = [("wait", 70.0), ("look", ["i0"])]
    told = [*looks, *looks, ("begin", ["i0"]), ("work", False), *looks]
    assert stale(Silent(), told) == ["i0"]
    assert stale(Shop(), told) == []


def test_an_hour_is_the_longest() -> None:
    """See VOUCHED_TTL."""
    shop = Shop()
    for _ in range(2):  # the environment has known the stamp for a minute
        shop.now_s += 70
        shop.look(ITEMS)
    shop.prices = dict.fromkeys(ITEMS, 5)
    shop.now_s += timedelta(hours=1).total_seconds()
    assert set(shop.look(ITEMS).values()) == {5}
