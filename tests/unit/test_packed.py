"""Lists packed into bytes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import shelf, table
from vitrine.catalog.packed import ItemTable, code, item_key, pack, region_mask, unpack
from vitrine.errors import InvalidRelease

ids = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), unique=True)


@given(ids)
def test_a_packed_table_comes_back_as_it_was(items: list[str]) -> None:
    """Ids, column names, types and values survive."""
    before = shelf(items)
    after = unpack(pack(before))
    assert list(after.ids) == items
    assert {name: column.dtype for name, column in after.columns.items()} == {
        name: column.dtype for name, column in before.columns.items()
    }
    for name, column in before.columns.items():
        np.testing.assert_array_equal(after.columns[name], column)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    """Damaged bytes raise our error and no other."""
    with pytest.raises(InvalidRelease):
        unpack(data)


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_truncated_table_is_refused(cut: int) -> None:
    """A table that lost its tail is never read as a shorter one."""
    with pytest.raises(InvalidRelease):
        unpack(pack(shelf(["a", "b"]))[:-cut])


def test_columns_of_another_length_are_refused() -> None:
    """A column that does not fit the ids is refused when packed."""
    with pytest.raises(InvalidRelease, match="popular"):
        pack(ItemTable(["a"], {"popular": np.zeros(2, "<f4")}))


def test_an_id_with_a_line_feed_is_refused() -> None:
    """The separator cannot be smuggled in through an id."""
    with pytest.raises(InvalidRelease, match="line feed"):
        pack(table(["a\nb"], {}))


def test_keys_and_codes_are_stable() -> None:
    """They are stored, so they must be the same on every machine and version."""
    assert item_key("1082185") == 0x2ECD286BDD789F4C
    assert code("") == int.from_bytes(bytes.fromhex("1271cf25"), "little")


def test_region_masks_hold_32_regions() -> None:
    """The last bit is usable and the next one is refused."""
    assert region_mask([0, 31]) == 1 << 31 | 1
    with pytest.raises(InvalidRelease):
        region_mask([32])
