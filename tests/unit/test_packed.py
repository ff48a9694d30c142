"""Lists packed into bytes and back."""

import zlib
from struct import pack as packed_numbers

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import shelf, table
from vitrine.catalog.packed import (
    FORMAT_VERSION,
    ITEM_COLUMNS,
    PERSONAL_COLUMNS,
    PLAIN_BYTES,
    SQUEEZED_VERSION,
    ItemTable,
    code,
    item_key,
    pack,
    region_mask,
    unpack,
)
from vitrine.catalog.parts import MAX_SCORES, RECORD
from vitrine.errors import InvalidRelease

ids = st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), unique=True)


def numbered(n: int) -> list[str]:
    """n ids."""
    return [str(number) for number in range(n)]


@given(ids)
def test_a_packed_table_comes_back_as_it_was(items: list[str]) -> None:
    """Ids, column names, types and values survive."""
    before = shelf(items)
    after = unpack(pack(before))
    assert list(after.ids) == items
    assert len(after) == len(items)
    assert {name: column.dtype for name, column in after.columns.items()} == {
        name: column.dtype for name, column in before.columns.items()
    }
    for name, column in before.columns.items():
        np.testing.assert_array_equal(after.columns[name], column)
    assert pack(after) == pack(before)


SCORES = st.lists(st.floats(width=32), min_size=1, max_size=40)
CODES = st.lists(st.tuples(*[st.integers(0, 3)] * 5), min_size=1, max_size=400)
BOUNDS = {name: np.iinfo(dtype) for name, dtype in ITEM_COLUMNS.items() if np.dtype(dtype).kind in "iu"}


@given(SCORES)
def test_scores_survive_to_the_last_bit(scores: list[float]) -> None:
    """Whether half floats hold them or not, NaN, infinite, tiny or huge: they come back as they were."""
    before = np.array(scores, "<f4")
    nothing = [np.nan] * len(scores)
    after = unpack(pack(table(numbered(len(scores)), {"a": nothing, "b": scores, "c": nothing})))
    np.testing.assert_array_equal(after.columns["b"], before)
    assert np.isnan([after.columns["a"], after.columns["c"]]).all()


@given(CODES)
def test_codes_survive_whether_they_repeat_or_not(codes: list[tuple[int, ...]]) -> None:
    """What repeats is told once: paths by all three of their codes, brands together with the regions in stock."""
    names = ("department", "category", "leaf", "brand", "regions")
    columns = dict(zip(names, zip(*codes, strict=True), strict=True))
    after = unpack(pack(table(numbered(len(codes)), {}, **columns)))
    for name, column in columns.items():
        np.testing.assert_array_equal(after.columns[name], column)
        assert after.columns[name].dtype == ITEM_COLUMNS[name]


@given(st.data())
def test_integers_survive_to_their_bounds(data: st.DataObject) -> None:
    """The largest key, the smallest price, the last region: all of what a type can hold."""
    n = data.draw(st.integers(1, 5))
    columns = {
        name: data.draw(st.lists(st.integers(int(bounds.min), int(bounds.max)), min_size=n, max_size=n))
        for name, bounds in BOUNDS.items()
    }
    after = unpack(pack(table(numbered(n), {}, **columns)))
    for name, column in columns.items():
        assert after.columns[name].tolist() == column


def test_every_item_can_be_of_a_kind_of_its_own() -> None:
    """Nothing bounds a table before a place among its kinds does not fit two bytes."""
    leaf = np.arange(1000, dtype="<u4")
    after = unpack(pack(table(numbered(1000), {}, leaf=leaf, brand=leaf)))
    assert np.array_equal(after.columns["leaf"], leaf)
    assert np.array_equal(after.columns["brand"], leaf)
    with pytest.raises(InvalidRelease, match="kinds of items"):
        pack(table(numbered(2**16 + 1), {}, leaf=np.arange(2**16 + 1)))


def test_what_is_in_no_list_costs_next_to_nothing() -> None:
    """A score column of NaN adds its name and no number."""
    nothing = [np.nan] * 100
    without, with_one = (pack(table(numbered(100), dict.fromkeys(names, nothing))) for names in (["a"], ["a", "b"]))
    assert len(with_one) - len(without) <= 3


def test_a_row_of_seventy_items_is_of_about_three_thousand_bytes() -> None:
    """Its size is arithmetic: the ids, a record per item, each kind once, and two bytes for every score."""
    known = {name: range(70) for name in PERSONAL_COLUMNS}
    items = [f"{number:07}" for number in range(70)]
    kinds = 12 + 8  # one path, one brand with its regions
    expected = 70 * (8 + RECORD.itemsize + 1 + 2 * len(PERSONAL_COLUMNS)) + kinds
    assert abs(len(pack(table(items, known))) - expected) <= 100


def shopped(n: int) -> ItemTable:
    """A visitor's own items as shops know them: numbers of few digits, dozens of kinds, all of it in no order."""
    draw = np.random.default_rng(7)
    half = {name: draw.integers(1, 400, n) / 4 for name in PERSONAL_COLUMNS}
    kinds = draw.integers(0, 60, n)
    return table(
        [str(number) for number in draw.choice(10_000_000, n, replace=False)],
        half,
        leaf=kinds,
        category=kinds // 3,
        department=kinds // 9,
        brand=draw.integers(0, 30, n),
        price=draw.integers(1, 200, n) * 10 - 1,
        discount=draw.integers(0, 40, n) / 100,
        popularity=draw.normal(3, 1, n),
    )


def test_a_row_of_a_hundred_items_is_read_in_one_step() -> None:
    """Of 4 KB, with two hundred bytes of key and predictions beside it; and says what it was made of."""
    before = shopped(100)
    packed = pack(before)
    assert len(msgpack.packb((FORMAT_VERSION, *before.parts))) > PLAIN_BYTES
    assert len(packed) <= 4096 - 200
    after = unpack(packed)
    assert after.parts == before.parts
    assert after.ids == before.ids


@given(st.integers(80, 300), st.data())
def test_a_damaged_compressed_table_is_refused_or_read(n: int, data: st.DataObject) -> None:
    """A flipped bit or a cut: one clear error, if it is not by chance a table."""
    packed = bytearray(pack(shopped(n)))
    packed[data.draw(st.integers(1, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for spoilt in (bytes(packed), bytes(packed[: data.draw(st.integers(0, len(packed)))])):
        try:
            unpack(spoilt)
        except InvalidRelease:
            continue


def test_a_bomb_is_not_unpacked() -> None:
    """A few bytes that stand for very many."""
    with pytest.raises(InvalidRelease):
        unpack(msgpack.packb((SQUEEZED_VERSION, zlib.compress(msgpack.packb("0" * (9 << 20))))))


def test_a_compressed_table_has_a_version_of_its_own() -> None:
    """So code that knows none of them names it. Both are read; as the other one neither is."""
    short, long = pack(shopped(3)), pack(shopped(100))
    assert [msgpack.unpackb(data)[0] for data in (short, long)] == [FORMAT_VERSION, SQUEEZED_VERSION]
    assert [len(unpack(data)) for data in (short, long)] == [3, 100]
    for data, version in ((short, SQUEEZED_VERSION), (long, FORMAT_VERSION)):
        with pytest.raises(InvalidRelease, match="damaged"):
            unpack(msgpack.packb((version, *msgpack.unpackb(data)[1:])))


def test_columns_of_another_type_are_refused() -> None:
    """What has no declared type is refused when packed, not met when read."""
    wrong = ItemTable(["a"], {**table(["a"], {}).columns, "popular": np.zeros(1, "<f8")})
    with pytest.raises(InvalidRelease, match="popular"):
        pack(wrong)
    with pytest.raises(InvalidRelease, match="price"):
        pack(ItemTable(["a"], {**table(["a"], {}).columns, "price": np.zeros(1, "<i8")}))


def test_a_table_without_all_columns_of_an_item_is_refused() -> None:
    """Who reads one need not look whether it has them."""
    lacking = ItemTable(["a"], {name: column for name, column in table(["a"], {}).columns.items() if name != "price"})
    with pytest.raises(InvalidRelease, match="price"):
        pack(lacking)


def test_more_scores_than_a_byte_can_tell_are_refused() -> None:
    """Eight lists fit, the ninth is refused by number."""
    scores = {f"list {number}": [1.0] for number in range(MAX_SCORES + 1)}
    assert len(unpack(pack(table(["a"], dict(list(scores.items())[:MAX_SCORES])))).columns) == 19
    with pytest.raises(InvalidRelease, match="9 score columns"):
        pack(table(["a"], scores))


@pytest.mark.parametrize("version", [1, 2, 3, SQUEEZED_VERSION + 1])
def test_another_format_is_refused_by_its_number(version: int) -> None:
    """Rows of a release that other code wrote say so, instead of being read as something else."""
    before = msgpack.packb((version, 1, "a", [(["price"], "<i4", "<u2", packed_numbers("<H", 99), b"")]))
    with pytest.raises(InvalidRelease, match=f"format {version}, this code reads {FORMAT_VERSION} and"):
        unpack(before)


def test_no_part_can_be_of_another_length() -> None:
    """A byte too few in any part, or a list that has no name, is damage."""
    whole = list(unpack(pack(shelf(["a", "b"]))).parts)
    for at, part in enumerate(whole):
        if isinstance(part, bytes):
            with pytest.raises(InvalidRelease, match="damaged"):
                unpack(msgpack.packb((FORMAT_VERSION, *whole[:at], part[:-1], *whole[at + 1 :])))
    unnamed = [*whole[:6], b"\x01\x80", *whole[7:]]
    with pytest.raises(InvalidRelease, match="damaged"):
        unpack(msgpack.packb((FORMAT_VERSION, *unnamed)))


@pytest.mark.parametrize("n", [3, 300])
@pytest.mark.parametrize("place", ["path", "traits"])
def test_no_record_can_name_a_kind_that_is_not_there(n: int, place: str) -> None:
    """Who merges tables looks kinds up without asking."""
    parts = unpack(pack(table(numbered(n), {}, leaf=np.arange(n), brand=np.arange(n)))).parts
    records = np.frombuffer(parts.records, RECORD).copy()
    for beyond in (n, n + 1, 2**16 - 1):
        records[place][1] = beyond
        with pytest.raises(InvalidRelease, match="a kind is missing"):
            unpack(msgpack.packb((FORMAT_VERSION, *parts._replace(records=records.tobytes()))))


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
        pack(ItemTable(["a"], {**table(["a"], {}).columns, "popular": np.zeros(2, "<f4")}))


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
