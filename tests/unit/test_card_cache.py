"""Live cards in memory."""

from datetime import UTC, datetime, timedelta

from tests.unit.pages import NOW_MS, card
from vitrine.catalog.card_stamp import MAX_CHANGES, CardStamp
from vitrine.catalog.packed_cards import pack_cards, unpack_cards
from vitrine.service.card_cache import JITTER, PACKED_TTL, SETTLED_MS, TTL, VOUCHED_TTL, CardCache, Word
from vitrine.types import Absent

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def lasts(cache: CardCache, item: str) -> timedelta:
    """For how long after NOW the item is found."""
    steps = range(int(2 * TTL / MILLISECOND))
    return next(n * MILLISECOND for n in steps if not cache.find([item], NOW + n * MILLISECOND))


def test_cards_are_held_for_a_while_and_absent_ones_too():
    """Unread ones never: they may be there."""
    cache = CardCache()
    cache.keep({"a": card("a"), "gone": Absent.MISSING, "unread": Absent.NOT_READ}, NOW)
    assert cache.find(["a", "gone", "unread", "b"], NOW) == {"a": card("a"), "gone": Absent.MISSING}
    assert cache.find(["a", "gone"], NOW + TTL) == {}


def test_cards_read_together_expire_together_and_environments_apart():
    """One read for a page's cards, not one for each; but not all environments in the same moment."""
    spans = set()
    for _ in range(8):
        cache = CardCache()
        cache.keep({"a": card("a"), "b": card("b")}, NOW)
        assert lasts(cache, "a") == lasts(cache, "b")
        spans.add(lasts(cache, "a"))
    assert len(spans) > 1
    assert all(TTL * (1 - JITTER) <= span <= TTL for span in spans)


def test_a_clock_that_was_set_back_ends_what_is_held():
    """Else yesterday's price would stay until the clock has caught up."""
    cache = CardCache()
    cache.keep({"a": card("a")}, NOW)
    assert cache.find(["a"], NOW - MILLISECOND) == {}
    cache.keep({"a": Absent.MISSING}, NOW - timedelta(days=1))
    assert cache.find(["a"], NOW - timedelta(days=1)) == {"a": Absent.MISSING}


def test_the_longest_held_go_first():
    """What is kept anew counts as new."""
    cache = CardCache(size=2)
    for item in ("a", "b", "a", "c"):
        cache.keep({item: card(item)}, NOW)
    assert (len(cache), set(cache.find(["a", "b", "c"], NOW))) == (2, {"a", "c"})


def test_cards_asked_for_near_their_end_are_due_once():
    """They are read along with other rows; a young one, and one that nobody asks for, are not."""
    cache = CardCache()
    cache.keep({"a": card("a"), "b": card("b"), "c": card("c")}, NOW)
    cache.find(["a", "b"], NOW + TTL / 2)
    assert cache.take_due(9) == []
    cache.find(["a", "b"], NOW + TTL * (1 - JITTER) - MILLISECOND)
    assert cache.take_due(1) == ["a"]
    assert cache.take_due(9) == ["b"]
    assert cache.take_due(9) == []


def word_of(cache: CardCache, stamp: CardStamp, at: datetime = NOW, rev: int | None = None) -> Word | None:
    """What the cache makes of a page view's stamp, in a pointer of a revision that goes up with its changes."""
    return cache.hear(stamp.to_bytes(), stamp.changed_ms if rev is None else rev, at)


STAMP = CardStamp(NOW_MS - 3_600_000, NOW_MS - 3_600_000)
LATER = NOW + 10 * TTL
SETTLED = timedelta(milliseconds=SETTLED_MS)


def seasoned(stamp: CardStamp = STAMP) -> CardCache:
    """The cache of an environment that has known the stamp for a while."""
    cache = CardCache()
    word_of(cache, stamp, NOW - SETTLED, rev=1)
    return cache


def test_cards_are_held_for_as_long_as_the_stamp_stands_still() -> None:
    """An hour at most, and no longer than the minute where a page view has no stamp."""
    cache = seasoned()
    cache.keep({"a": card("a")}, NOW, word_of(cache, STAMP))
    assert set(cache.find(["a"], LATER, word_of(cache, STAMP))) == {"a"}
    assert cache.find(["a"], LATER, None) == {}
    assert cache.find(["a"], NOW + VOUCHED_TTL, word_of(cache, STAMP)) == {}


def test_what_the_stamp_names_is_read_anew_and_the_rest_is_not() -> None:
    """Also what was read a moment ago."""
    cache = seasoned()
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, STAMP))
    changed = STAMP.ended("w", ["a"], NOW_MS + 1)
    assert set(cache.find(["a", "b"], NOW, word_of(cache, changed))) == {"b"}
    anew = changed.ended("w", map(str, range(MAX_CHANGES)), NOW_MS + 2)
    assert cache.find(["a", "b"], NOW, word_of(cache, anew)) == {}


def test_a_card_that_was_read_just_after_its_change_is_held_for_a_minute() -> None:
    """The read may have told the old one. Of other cards it told nothing old, unless all of them had changed."""
    cache = seasoned()
    named = STAMP.ended("w", ["a"], NOW_MS - 1_000)
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, named))
    assert set(cache.find(["a", "b"], LATER, word_of(cache, named))) == {"b"}
    cache.keep({"a": card("a")}, NOW + SETTLED, word_of(cache, named))
    assert set(cache.find(["a"], LATER, word_of(cache, named))) == {"a"}
    all_new = CardStamp(NOW_MS - 1_000, NOW_MS - 1_000)
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, all_new))
    assert cache.find(["a", "b"], LATER, word_of(cache, all_new)) == {}


def test_a_change_told_by_a_clock_that_is_slow_counts_from_when_it_was_heard() -> None:
    """Else a card of before it would be held for an hour: for this environment the change is a moment old. What a run
    does not name has not changed since the run was heard of."""
    cache = seasoned()
    slow = STAMP.ended("w", ["a"], NOW_MS - 120_000)
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, slow))
    assert set(cache.find(["a", "b"], LATER, word_of(cache, slow))) == {"b"}
    cache.keep({"a": card("a")}, LATER, word_of(cache, slow, LATER))
    assert set(cache.find(["a"], LATER + 2 * TTL, word_of(cache, slow, LATER))) == {"a"}
    new_run = CardStamp(NOW_MS - 120_000, NOW_MS - 120_000)
    cache.keep({"b": card("b")}, LATER, word_of(cache, new_run, LATER, slow.changed_ms))
    assert cache.find(["b"], LATER + 2 * TTL, word_of(cache, new_run, LATER, slow.changed_ms)) == {}


def test_a_pointer_that_is_older_than_one_read_before_is_not_believed() -> None:
    """Reads are eventually consistent: else a price would go back for a moment, or be held while it is written."""
    cache = seasoned()
    cache.keep({"a": card("a")}, NOW, word_of(cache, STAMP, rev=1))
    begun = STAMP.begun("w", NOW_MS + 1)
    assert word_of(cache, begun, rev=2) is None
    assert word_of(cache, STAMP, NOW + SETTLED / 2, rev=1) is None
    changed = begun.ended("w", ["a"], NOW_MS + 2)
    assert cache.find(["a"], LATER, word_of(cache, changed, rev=3)) == {}
    assert word_of(cache, STAMP, rev=1) is None
    assert word_of(cache, changed, rev=3) is not None


def test_a_table_that_was_restored_is_believed_after_a_minute_and_nothing_of_before_is_held() -> None:
    """So old is no reading; the revisions begin anew, with whatever stamp."""
    cache = seasoned()
    changed = STAMP.ended("w", ["a"], NOW_MS)
    cache.keep({"a": card("a"), "b": card("b")}, LATER, word_of(cache, changed, LATER, rev=9))
    assert word_of(cache, STAMP, LATER + SETTLED / 2, rev=3) is None
    assert set(cache.find(["b"], LATER + SETTLED, word_of(cache, changed, LATER + SETTLED, rev=9))) == {"b"}
    word = word_of(cache, STAMP, LATER + 2 * SETTLED, rev=3)
    assert word is not None
    assert cache.find(["a", "b"], LATER + 2 * SETTLED, word) == {}
    assert word_of(cache, STAMP.begun("w", NOW_MS), LATER + 2 * SETTLED, rev=4) is None


def test_cards_of_a_release_are_taken_from_it_for_a_day_and_a_bit() -> None:
    """Somebody may have written past the stamp; each is held for an hour then, as one that was read."""
    packed = unpack_cards(pack_cards([("a", card("a"))], STAMP.began_ms, 0, NOW_MS))
    packed_at = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    for after, is_found in ((timedelta(0), True), (PACKED_TTL - MILLISECOND, True), (PACKED_TTL, False)):
        cache = seasoned()
        cache.adopt(packed)
        word = word_of(cache, STAMP)
        assert bool(cache.find(["a"], packed_at + after, word)) == is_found
        assert bool(cache.find(["a"], packed_at + after + VOUCHED_TTL, word)) is False
    assert cache.find(["a"], packed_at - MILLISECOND, word) == {}


def test_a_card_that_is_as_it_was_stays_the_same_object() -> None:
    """What was encoded once is not encoded again; another one takes its place."""
    cache, first, changed = CardCache(), card("a"), card("a", 7)
    cache.keep({"a": first}, NOW)
    for read, kept in ((card("a"), first), (changed, changed), (Absent.MISSING, Absent.MISSING)):
        cache.keep({"a": read}, LATER)
        assert cache.find(["a"], LATER)["a"] is kept
