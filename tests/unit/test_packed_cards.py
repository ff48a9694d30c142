"""Cards that come with a release: found one by one, and never a wrong one."""

import zlib
from itertools import count

import msgpack
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pages import card
from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.catalog.packed_cards import COLUMNS, FORMAT, HELD_BLOCKS, PER_BLOCK, line_of, pack_cards, unpack_cards

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
    packed = unpack_cards(pack_cards(told.items(), 7, 3))
    assert (packed.began_ms, packed.n_changes) == (7, 3)
    for item, one in told.items():
        assert packed.find(item) == (None if "\n" in item else one)
        assert packed.line(item) in (None, line_of(item, one))
    assert packed.find("nobody has this id") is None


def test_thousands_of_cards_take_few_bytes_and_are_unpacked_as_they_are_asked_for() -> None:
    """More blocks than are held: those asked for longest ago go."""
    told = shelf(PER_BLOCK * (HELD_BLOCKS + 9))
    data = pack_cards(told.items(), 7, 0)
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
    packed = unpack_cards(pack_cards(near.items(), 7, 0))
    assert (packed.find(first), packed.find(second)) == (card("a"), card("b"))
    apart = shelf(PER_BLOCK * 2) | {first: card("a", category="a"), second: card("b", category="z")}
    packed = unpack_cards(pack_cards(apart.items(), 7, 0))
    assert (packed.find(first), packed.find(second)) == (card("a", category="a"), None)


def test_another_form_is_none() -> None:
    """A later format, other fields of a card, a block too few, damage: cards are read one by one then."""
    form, columns, began_ms, n, codes, places, blocks = msgpack.unpackb(pack_cards(shelf(40).items(), 7, 0))
    assert (form, columns) == (FORMAT, COLUMNS)
    for spoilt in (
        (form + 1, columns, began_ms, n, codes, places, blocks),
        (form, columns + " size", began_ms, n, codes, places, blocks),
        (form, columns, began_ms, n, codes, places, blocks[:1]),
        (form, columns, began_ms, n, codes, places[:-2], blocks),
        (form, columns, began_ms, n, codes[:-1], places, blocks),
        (form, columns, began_ms, n, codes, places, [7]),
        (form, columns, began_ms, n),
    ):
        assert len(unpack_cards(msgpack.packb(spoilt))) == 0
    for block in (b"", b"x", zlib.compress(b"1\n2\n{"), zlib.compress(b"0\n[1]"), zlib.compress(b"0\nnull")):
        damaged = (form, columns, began_ms, n, codes, np.zeros(40, "<u2").tobytes(), [block])
        assert unpack_cards(msgpack.packb(damaged)).find("0") is None
