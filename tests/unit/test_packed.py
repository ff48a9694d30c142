"""Lists packed into bytes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import shelf, table
from vitrine.catalog.packed import CODE_COLUMNS, ItemTable, code, item_key, pack, region_mask, unpack
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


SCORES = st.lists(st.floats(width=32), min_size=1, max_size=40)
CODES = st.lists(st.tuples(*[st.integers(0, 3)] * 4), min_size=1, max_size=400)


@given(SCORES)
def test_scores_survive_to_the_last_bit(scores: list[float]) -> None:
    """Whether half floats hold them or not, NaN, infinite, tiny or huge: they come back as they were."""
    before = np.array(scores, "<f4")
    after = unpack(
        pack(ItemTable([str(n) for n in range(len(scores))], {"a": before, "b": np.full_like(before, np.nan)}))
    )
    np.testing.assert_array_equal(after.columns["a"], before)
    assert np.isnan(after.columns["b"]).all()


@given(CODES)
def test_codes_survive_whether_they_repeat_or_not(codes: list[tuple[int, ...]]) -> None:
    """Codes that leaf and brand do not tell, or of too many kinds for one byte, travel in full."""
    columns = {
        name: np.array(column, "<u4") for name, column in zip(CODE_COLUMNS, zip(*codes, strict=True), strict=True)
    }
    after = unpack(pack(ItemTable([str(n) for n in range(len(codes))], columns)))
    assert set(after.columns) == set(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(after.columns[name], column)
        assert after.columns[name].dtype == column.dtype


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1))
def test_integers_survive_in_the_narrowest_type(prices: list[int]) -> None:
    """Small ones take fewer bytes, and all come back in their declared type."""
    before = np.array(prices, "<i4")
    after = unpack(pack(ItemTable([str(n) for n in range(len(prices))], {"price": before})))
    np.testing.assert_array_equal(after.columns["price"], before)
    assert after.columns["price"].dtype == before.dtype


def test_five_hundred_kinds_of_goods_are_one_too_many_for_a_byte() -> None:
    """More kinds than a byte can tell apart still come back."""
    codes = {name: np.arange(500, dtype="<u4") for name in CODE_COLUMNS}
    after = unpack(pack(ItemTable([str(n) for n in range(500)], codes)))
    assert all(np.array_equal(after.columns[name], codes[name]) for name in CODE_COLUMNS)


def test_what_is_in_no_list_costs_next_to_nothing() -> None:
    """A score column of NaN adds its name and no number."""
    ids, nothing = [str(n) for n in range(100)], np.full(100, np.nan, "<f4")
    without, with_one = (pack(ItemTable(ids, dict.fromkeys(names, nothing))) for names in (["a"], ["a", "b"]))
    assert len(with_one) - len(without) <= 3


def test_columns_of_another_type_are_refused() -> None:
    """What has no declared type is refused when packed, not met when read."""
    with pytest.raises(InvalidRelease, match="popular"):
        pack(ItemTable(["a"], {"popular": np.zeros(1, "<f8")}))


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
