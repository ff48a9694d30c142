"""What a release amounts to, and whether the next one is held to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from vitrine.adapters.memory import MemoryObjects
from vitrine.errors import InvalidRelease
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.release_content import ReleaseContent
from vitrine.refresh.release_facts import FACTS, ReleaseFacts, facts_of, read_facts, refuse_less, shrinkage

R = "20261122T000000-00000000"
BEFORE = ReleaseFacts({"items": 100, "visitors": 11}, {"north": ["milk", "rolls"]})
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
counts = st.dictionaries(names, st.integers(0, 10**9), max_size=5)


@given(counts, st.dictionaries(names, st.lists(names, max_size=3), max_size=3))
def test_what_was_kept_is_read(some, bestsellers):
    """Facts lie beside the release that brought the lists."""
    objects, facts = MemoryObjects(), ReleaseFacts(some, bestsellers)
    objects.put(f"{R}/{FACTS}", facts.to_bytes())
    assert read_facts(objects, R) == facts
    assert list(objects.objects) == [f"{R}/{FACTS}"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"counts": {}}',
        b'{"counts": [1], "bestsellers": {}}',
        b'{"counts": {"items": "many"}, "bestsellers": {}}',
        b'{"counts": {}, "bestsellers": {"north": 3}}',
    ],
)
def test_damaged_facts_are_none(damage):
    """A refresh without a measure is better than one that never ends well again."""
    assert read_facts(MemoryObjects({f"{R}/{FACTS}": damage}), R) is None
    assert read_facts(MemoryObjects(), R) is None


@pytest.mark.parametrize(
    ("items", "visitors", "lacking"),
    [
        (100, 11, []),
        (50, 6, []),
        (500, 900, []),
        (49, 11, ["49 items instead of 100"]),
        (0, 5, ["0 items instead of 100", "5 visitors instead of 11"]),
    ],
)
def test_less_than_half_of_a_kind_is_far_behind(items, visitors, lacking):
    """Half is not, and more never is."""
    now = ReleaseFacts({"items": items, "visitors": visitors})
    assert shrinkage(BEFORE, now) == lacking
    if not lacking:
        refuse_less(BEFORE, now)
        return
    with pytest.raises(InvalidRelease) as refused:
        refuse_less(BEFORE, now)
    told = str(refused.value)
    assert told.startswith(f"nothing was published: {'; '.join(lacking)}. ")
    assert "--accept-less" in told


@given(counts)
def test_as_much_as_before_is_never_refused(some):
    """Nor is anything where there was nothing, or nobody knows of a release before."""
    refuse_less(ReleaseFacts(some), ReleaseFacts(some))
    refuse_less(ReleaseFacts(dict.fromkeys(some, 0)), ReleaseFacts(some))
    refuse_less(None, ReleaseFacts(dict.fromkeys(some, 0)))


def test_a_kind_that_is_not_counted_any_more_is_not_missed():
    """A store whose rows no longer look ahead has no session rows; one that has lost them all counts none."""
    before = ReleaseFacts({"items": 10, "items with sessions": 9})
    refuse_less(before, ReleaseFacts({"items": 10}))
    with pytest.raises(InvalidRelease, match="0 items with sessions instead of 9"):
        refuse_less(before, ReleaseFacts({"items": 10, "items with sessions": 0}))


def test_a_new_kind_is_no_fault():
    """The release before did not count it."""
    refuse_less(BEFORE, ReleaseFacts({**BEFORE.counts, "shelves": 0}))


def test_facts_are_those_of_the_rows(tmp_path):
    """Counts as the content tells them, and of each region what sells best, best first."""
    bought = [Sale(f"h{n}", f"b{n}", n, item) for n in range(4) for item in ("milk", "rolls")[: 1 + n % 2]]
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_lake(tmp_path, [Good("milk"), Good("rolls")], bought))
        lists = build_lists(engine, Regions(("north", "south"), "north"), at_ms(5), lambda *_: None)
    content = ReleaseContent(lists)
    assert facts_of(content, ("north", "south")) == ReleaseFacts(
        content.counts(), {"north": ["milk", "rolls"], "south": []}
    )
