"""What is the same for all visitors is read once per release and environment, within a bound of memory."""

from vitrine import keys
from vitrine.service.release_rows import ROW_BYTES, SETTLED_S, ReleaseRows, is_shared, size_of
from vitrine.types import Absent, Key, Row, Rows

ROW: Row = {"table": bytes(1_000)}


def rows_of(*items: str) -> Rows:
    """Related lists of items in release r1."""
    return {keys.related(item, "r1"): ROW for item in items}


def test_only_rows_that_all_share_are_held() -> None:
    """Shelves, related lists and session rows; no visitor's row, no card, no weather, no pointer."""
    shared = [keys.shelf("north", None, "r1"), keys.related("a", "r1"), keys.session_row("a", "r1")]
    others = [keys.profile("v"), keys.personal("v", "r1"), keys.card("a"), keys.weather("c"), keys.RELEASE_POINTER]
    assert all(map(is_shared, shared))
    assert not any(map(is_shared, others))
    held = ReleaseRows(1 << 20)
    held.keep(dict.fromkeys([*shared, *others], ROW), "r1")
    assert held.find([*shared, *others]).keys() == set(shared)


def test_a_missing_row_is_known_and_an_unread_one_is_not() -> None:
    """Absence is worth remembering, though not right after a flip; not having looked is not."""
    now = [0.0]
    held = ReleaseRows(1 << 20, lambda: now[0])
    missing, unread = keys.related("a", "r1"), keys.related("b", "r1")
    rows: Rows = {missing: Absent.MISSING, unread: Absent.NOT_READ}
    held.keep(rows, "r1")
    assert held.find([missing, unread]) == {}
    now[0] += SETTLED_S + 1
    held.keep(rows, "r1")
    assert held.find([missing, unread]) == {missing: Absent.MISSING}


def test_another_release_forgets_them() -> None:
    """Lists of a release are of no use to the next one."""
    held = ReleaseRows(1 << 20)
    held.keep(rows_of("a"), "r1")
    held.keep({}, "r2")
    assert held.find([keys.related("a", "r1")]) == {}
    assert held.n_bytes == 0


def test_the_bound_holds_and_what_is_asked_for_stays() -> None:
    """The row that nobody asked for the longest goes first; bytes are counted once, however often a row is kept."""
    held = ReleaseRows(max_bytes=3 * (1_000 + ROW_BYTES))
    held.keep(rows_of("a", "b", "c"), "r1")
    held.find([keys.related("a", "r1")])
    held.keep(rows_of("c", "d"), "r1")
    wanted: list[Key] = list(rows_of("a", "b", "c", "d"))
    assert [key.pk for key in held.find(wanted)] == ["I#a", "I#c", "I#d"]
    assert held.n_bytes == 3 * size_of(ROW)
