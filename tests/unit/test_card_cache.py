"""Live cards in memory."""

from datetime import UTC, datetime, timedelta

from tests.unit.pages import NOW_MS, card
from vitrine.catalog.card_stamp import MAX_CHANGES, CardStamp
from vitrine.service.card_cache import JITTER, SETTLED_MS, TTL, VOUCHED_TTL, CardCache, Word
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


def word_of(cache: CardCache, stamp: CardStamp) -> Word | None:
    """What the cache makes of a page view's stamp."""
    return cache.hear(stamp.to_bytes())


STAMP = CardStamp(NOW_MS - 3_600_000, NOW_MS - 3_600_000)
LATER = NOW + 10 * TTL


def test_cards_are_held_for_as_long_as_the_stamp_stands_still() -> None:
    """An hour at most, and no longer than the minute where a page view has no stamp."""
    cache = CardCache()
    cache.keep({"a": card("a")}, NOW, word_of(cache, STAMP))
    assert set(cache.find(["a"], LATER, word_of(cache, STAMP))) == {"a"}
    assert cache.find(["a"], LATER, None) == {}
    assert cache.find(["a"], NOW + VOUCHED_TTL, word_of(cache, STAMP)) == {}


def test_what_the_stamp_names_is_read_anew_and_the_rest_is_not() -> None:
    """Also what was read a moment ago."""
    cache = CardCache()
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, STAMP))
    changed = STAMP.ended("w", ["a"], NOW_MS + 1)
    assert set(cache.find(["a", "b"], NOW, word_of(cache, changed))) == {"b"}
    anew = changed.ended("w", map(str, range(MAX_CHANGES)), NOW_MS + 2)
    assert cache.find(["a", "b"], NOW, word_of(cache, anew)) == {}


def test_a_card_that_was_read_just_after_its_change_is_held_for_a_minute() -> None:
    """The read may have told the old one. Of other cards it told nothing old, unless all of them had changed."""
    cache = CardCache()
    named = STAMP.ended("w", ["a"], NOW_MS - 1_000)
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, named))
    assert set(cache.find(["a", "b"], LATER, word_of(cache, named))) == {"b"}
    settled = NOW + timedelta(milliseconds=SETTLED_MS)
    cache.keep({"a": card("a")}, settled, word_of(cache, named))
    assert set(cache.find(["a"], LATER, word_of(cache, named))) == {"a"}
    all_new = CardStamp(NOW_MS - 1_000, NOW_MS - 1_000)
    cache.keep({"a": card("a"), "b": card("b")}, NOW, word_of(cache, all_new))
    assert cache.find(["a", "b"], LATER, word_of(cache, all_new)) == {}


def test_a_stamp_that_is_older_than_one_heard_before_is_not_believed() -> None:
    """Reads are eventually consistent: else a price would go back for a moment."""
    cache = CardCache()
    cache.keep({"a": card("a")}, NOW, word_of(cache, STAMP))
    changed = STAMP.ended("w", ["a"], NOW_MS + 1)
    assert cache.find(["a"], LATER, word_of(cache, changed)) == {}
    assert word_of(cache, STAMP) is None
    assert word_of(cache, changed.begun("w", NOW_MS + 2)) is None
    assert word_of(cache, changed) is not None
