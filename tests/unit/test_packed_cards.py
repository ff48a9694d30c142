"""Cards that come with a release: found one by one, and never a wrong one."""

import zlib
from dataclasses import replace
from itertools import count
from typing import NoReturn

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pages import card
from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.catalog.packed_cards import (
    COLUMNS,
    FORMAT,
    HELD_BLOCKS,
    MAX_BLOCK_BYTES,
    MAX_LINE_BYTES,
    PER_BLOCK,
    Block,
    line_of,
    pack_cards,
    unpack_cards,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
cards = st.builds(
    Card, texts, texts, texts, st.integers(0, 10**6), st.integers(0, 10**6), texts, st.integers(0, 15), texts
)


def shelf(n: int) -> dict[str, Card]:
    """The cards of n items of some kinds; addresses hold the id."""
    return {f"{at}": card(f"Goods {at % 7}", at, url=f"/shop/p/{at}", category=f"a/b{at % 40}") for at in range(n)}


@given(st.dictionaries(texts, cards, max_size=80))
def test_every_card_comes_back(told: dict[str, Card]) -> None:
    """Whatever ids and cards hold; an id with a line feed is left out."""
    packed = unpack_cards(pack_cards(told.items(), 7, 3, 9))
    assert (packed.began_ms, packed.n_changes, packed.packed_ms) == (7, 3, 9)
    for item, one in told.items():
        assert packed.find(item) == (None if "\n" in item else one)
        assert packed.line(item) in (None, line_of(item, one))
    assert packed.find("nobody has this id") is None


def test_thousands_of_cards_take_few_bytes_and_are_unpacked_as_they_are_asked_for() -> None:
    """More blocks than are held: those asked for longest ago go."""
    told = shelf(PER_BLOCK * (HELD_BLOCKS + 9))
    data = pack_cards(told.items(), 7, 0, 9)
    packed = unpack_cards(data)
    assert len(packed) == len(told)
    assert len(data) < 30 * len(told)
    assert all(packed.find(item) == one for item, one in told.items())
    assert packed.find("0") == told["0"]


def namesakes() -> tuple[str, str]:
    """Two ids with one code, as there are among some hundred thousand."""
    known: dict[int, str] = {}
    for item in map(str, count()):
        other = known.setdefault(code(item), item)
        if other != item:
            return other, item
    raise AssertionError("never")


def test_of_two_items_with_one_code_none_gets_the_others_card() -> None:
    """Near to each other both are found, apart the first one."""
    first, second = namesakes()
    near = shelf(4) | {first: card("a"), second: card("b")}
    packed = unpack_cards(pack_cards(near.items(), 7, 0, 9))
    assert (packed.find(first), packed.find(second)) == (card("a"), card("b"))
    apart = shelf(PER_BLOCK * 2) | {first: card("a", category="a"), second: card("b", category="z")}
    packed = unpack_cards(pack_cards(apart.items(), 7, 0, 9))
    assert (packed.find(first), packed.find(second)) == (card("a", category="a"), None)


def test_another_form_is_none() -> None:
    """A later format, other fields of a card, a block too few, damage: cards are read one by one then."""
    form, columns, began_ms, n, at_ms, codes, places, blocks = msgpack.unpackb(pack_cards(shelf(40).items(), 7, 0, 9))
    assert (form, columns) == (FORMAT, COLUMNS)
    line = line_of("0", shelf(1)["0"])
    for spoilt in (
        (form + 1, columns, began_ms, n, at_ms, codes, places, blocks),
        (form, columns + " size", began_ms, n, at_ms, codes, places, blocks),
        (form, columns, began_ms, n, at_ms, codes, places, blocks[:1]),
        (form, columns, began_ms, n, at_ms, codes, places[:-2], blocks),
        (form, columns, began_ms, n, at_ms, codes[:-1], places, blocks),
        (form, columns, began_ms, n, at_ms, codes, places, [7]),
        (form, columns, began_ms, n),
        (form, columns, began_ms, n, codes, places, blocks),
        (form, columns, began_ms, n, [], codes, places, blocks),
    ):
        assert len(unpack_cards(msgpack.packb(spoilt))) == 0
    cut, odd = zlib.compress(b"0\n" + line)[:-5], zlib.compress(b"0\n1\n" + line)
    for block in (b"", b"x", zlib.compress(b"1\n2\n{"), zlib.compress(b"0\n[1]"), zlib.compress(b"0\nnull"), cut, odd):
        damaged = (form, columns, began_ms, n, at_ms, codes, np.zeros(40, "<u2").tobytes(), [block])
        assert unpack_cards(msgpack.packb(damaged)).find("0") is None


def test_long_cards_are_left_out_and_tell_nobody_elses() -> None:
    """A picture in an address. Just as long as it may be, one is packed; a block longer than any is empty, not cut."""
    told = {f"i{n:02}": card("goods", n, image="data:" + "A" * 50_000) for n in range(PER_BLOCK)}
    told["i07"] = card(
        "goods", 7, image="x" * (MAX_LINE_BYTES - len("i07") - len(line_of("i07", card("goods", 7, image=""))))
    )
    told["i08"] = replace(told["i07"], image=told["i07"].image + "x")
    packed = unpack_cards(pack_cards(told.items(), 7, 0, 9))
    assert {item: packed.find(item) for item in told if packed.find(item)} == {"i07": told["i07"]}
    ids, lines = [item.encode() for item in told], [line_of(*each) for each in told.items()]
    for at in range(MAX_BLOCK_BYTES - 9, MAX_BLOCK_BYTES + 1):  # wherever it is cut
        lines[0] = lines[0] + b" " * (at - len(b"\n".join(ids + lines)) + MAX_BLOCK_BYTES)
        codes = np.sort(np.array([code(item) for item in told], "<u4")).tobytes()
        block = zlib.compress(b"\n".join(ids + lines))
        whole = (FORMAT, COLUMNS, 7, 0, 9, codes, bytes(2 * PER_BLOCK), [block])
        assert not any(unpack_cards(msgpack.packb(whole)).find(item) for item in told)


def test_which_cards_are_the_releases() -> None:
    """Those that it gave, and equal ones that were read elsewhere; nothing is unpacked for one that is known."""
    told = shelf(PER_BLOCK * 3)
    packed = unpack_cards(pack_cards(told.items(), 7, 0, 9))
    given = {item: packed.find(item) for item in told}
    same, other = card("Goods 1", 1, url="/shop/p/1", category="a/b1"), card("Goods 1", 2, url="/shop/p/1")
    for _ in range(2):  # the second time from memory
        assert all(packed.holds(item, one) for item, one in given.items() if one is not None)
        assert packed.holds("1", same)
        assert not packed.holds("1", other)
        assert not packed.holds("none", other)
        packed._unpacked = Sealed()
    given.clear()
    with pytest.raises(AssertionError):  # of one that is no more held, and another card, it has to look
        packed.holds("1", replace(other, price=3))


class Sealed(dict[int, Block]):
    """Blocks that nobody should look at."""

    def get(self, *_: object) -> NoReturn:  # type: ignore[override]
        """Fail."""
        raise AssertionError
