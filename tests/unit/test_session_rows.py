"""Session rows: one byte per number, packed within 4,096 bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.catalog.session_rows import (
    COLUMNS,
    LARGEST,
    MAX_ROW_BYTES,
    OVERHEAD_BYTES,
    SMALLEST,
    VALUES,
    SessionRow,
    encode,
    entry_bytes,
    pack_session_row,
    unpack_session_row,
)
from vitrine.errors import InvalidRelease


def row_of(ids: list[str]) -> SessionRow:
    """A row with arbitrary codes."""
    codes = np.arange(len(COLUMNS) * len(ids)).reshape(len(COLUMNS), len(ids)) % 256
    return SessionRow(ids, np.arange(len(ids), dtype=np.uint32), codes.astype(np.uint8))


@given(st.floats(SMALLEST, LARGEST))
def test_a_code_is_within_four_per_cent_of_its_number(value):
    """Numbers survive as their nearest step of seven per cent."""
    assert VALUES[encode(np.array([value]))][0] == pytest.approx(value, rel=0.04)


def test_zero_stays_zero_and_nothing_else_becomes_it():
    """A count of 0 has its own code; what is too small or too large takes the nearest one."""
    assert encode(np.array([0.0, 1e-12, 1e12])).tolist() == [0, 1, 255]


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12), max_size=40))
def test_what_was_packed_is_unpacked(ids):
    """Ids, keys and codes come back as they were, and the size is no more than was reckoned."""
    row = row_of(ids)
    data = pack_session_row(row)
    found = unpack_session_row(data)
    assert (list(found.ids), found.keys.tolist()) == (ids, row.keys.tolist())
    assert (found.codes == row.codes).all()
    assert len(data) <= OVERHEAD_BYTES + sum(map(entry_bytes, ids))


def test_a_row_above_its_limit_is_refused():
    """No row is above 4,096 bytes."""
    with pytest.raises(InvalidRelease, match="4,096"):
        pack_session_row(row_of([f"item-{n}" for n in range(MAX_ROW_BYTES // 20)]))


def test_an_id_with_a_line_feed_is_refused():
    """Ids are joined by line feeds."""
    with pytest.raises(InvalidRelease, match="line feed"):
        pack_session_row(row_of(["a\nb"]))


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1", b"\x95\x02\x00\xa0\xc4\x00\xc4\x00"])
def test_damaged_bytes_are_refused(damage):
    """What is no row of this format is refused, whatever it is."""
    with pytest.raises(InvalidRelease):
        unpack_session_row(damage)


def test_a_row_cut_short_is_refused():
    """Lengths are checked."""
    row = row_of(["a", "b", "c"])
    with pytest.raises(InvalidRelease):
        pack_session_row(SessionRow(row.ids[:2], row.keys, row.codes))
    with pytest.raises(InvalidRelease):
        unpack_session_row(pack_session_row(row)[:-3])
