"""Live cards in memory."""

from datetime import UTC, datetime, timedelta

from tests.unit.pages import card
from vitrine.service.card_cache import JITTER, TTL, CardCache
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
