"""What a decision read, remembered and played back."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.packing import pack, unpack
from vitrine.decisions.player import Player
from vitrine.decisions.tape import Tape, digest_of
from vitrine.errors import InvalidRecord
from vitrine.types import Absent, ItemId, Key, Row, Rows


def card(title: str, price: int = 100, url: str = "/p/1", regions: int = 0b11) -> Card:
    """A card of the grocery."""
    return Card(title, url, "/i/rolls.svg", price, price, "USD", regions, "grocery/bread/rolls")


RELEASE = "20261122T000000-00000000"
LIST = keys.related("123", RELEASE)
PROFILE = keys.profile("v")
ROWS: Mapping[Key, Row | Absent] = {
    LIST: {"table": b"\x00\x01packed"},
    keys.shelf("north", None, RELEASE): Absent.MISSING,
    PROFILE: {"profile": b"\xffdata", "rev": 3, "ttl": 1_800_000_000},
    keys.RELEASE_POINTER: {"release": RELEASE, "rev": 7, "previous": ""},
    keys.weather("n40w083"): {"flag": True, "code": -1},
    keys.shown("v"): Absent.MISSING,
    keys.budget("rain", 0, 1): Absent.NOT_READ,
}
CARDS: Mapping[ItemId, Card | Absent] = {
    "milk": card("milk", url="/p/milk?of=milk"),
    "jar": card("Jar", 250, regions=0b10),
    "gone": Absent.MISSING,
    "late": Absent.NOT_READ,
}

attributes = st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary() | st.booleans()
rows = st.dictionaries(st.text(min_size=1), attributes, max_size=5) | st.sampled_from(Absent)
some_keys = st.builds(Key, st.text(), st.sampled_from(["PROFILE", "SHOWN", "NOW", f"R#{RELEASE}", "0#1"]))
texts = st.text(alphabet="ab\0/é", max_size=6)
prices = st.integers(0, 10**9)
names = st.text(max_size=4)
outcomes = st.builds(
    ClaimOutcome,
    st.dictionaries(names, st.sampled_from(["budget", "not_counted"]), max_size=2),
    st.none() | rows,
    st.booleans(),
    st.lists(names, max_size=2).map(tuple),
)
cards = st.sampled_from(Absent) | st.builds(Card, texts, texts, texts, prices, prices, texts, prices, texts)


def reader(told: Mapping[Key, Row | Absent]):
    """A read of rows that are there and of others that are not."""

    def read(wanted: Sequence[Key]) -> Rows:
        return {key: told.get(key, Absent.MISSING) for key in wanted}

    return read


def recorded(told: Mapping[Key, Row | Absent] = ROWS, shown: Mapping[ItemId, Card | Absent] = CARDS) -> Tape:
    """A tape of a decision that read all of this."""
    tape = Tape()
    tape.reading(reader(told))(list(told))
    tape.reading_cards(lambda items: {item: shown[item] for item in items})(list(shown))
    return tape


def played(tape: Tape, now: Mapping[Key, Row | Absent] = ROWS) -> Player:
    """A player of the tape after it went through bytes, while the table holds these rows."""
    return Player(Tape.from_bytes(tape.to_bytes()), reader(now))


def test_everything_comes_back_as_it_was_read() -> None:
    """Rows in full, from the table where they never change; missing and not read are told apart; cards."""
    player = played(recorded())
    assert player.read(list(ROWS)) == ROWS
    assert player.read_cards(list(CARDS)) == CARDS
    assert player.gone == []


def test_only_rows_of_a_release_are_read_again() -> None:
    """What changes by the minute is on the tape; nobody asks the table for it, or for what was missing then."""
    asked: list[Key] = []

    def fetch(wanted: Sequence[Key]) -> Rows:
        asked.extend(wanted)
        return reader(ROWS)(wanted)

    player = Player(Tape.from_bytes(recorded().to_bytes()), fetch)
    player.read(list(ROWS))
    assert asked == [LIST]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (Absent.MISSING, "is gone"),
        (Absent.NOT_READ, "cannot be read now"),
        ({"table": b"\x00\x01packeD"}, "was altered"),
        ({"table": b"\x00\x01packed", "rev": 1}, "was altered"),
    ],
)
def test_a_row_that_is_gone_or_altered_is_named(now: Row | Absent, said: str) -> None:
    """The answer is made without it, and says so."""
    player = played(recorded(), {**ROWS, LIST: now})
    assert player.read([LIST, PROFILE]) == {LIST: Absent.NOT_READ, PROFILE: ROWS[PROFILE]}
    assert player.gone == [f"list row I#123 of release {RELEASE} {said}"]


def test_what_was_not_read_then_is_named() -> None:
    """Other code asks for more: it gets nothing, and that is no secret."""
    player = played(recorded())
    assert player.read([keys.profile("w")]) == {keys.profile("w"): Absent.NOT_READ}
    assert player.read_cards(["beer"]) == {"beer": Absent.NOT_READ}
    assert player.gone == ["row V#w PROFILE was not read then", "card of beer was not read then"]


def test_a_second_read_is_answered_with_the_second_answer() -> None:
    """Somebody else wrote between two reads: the first gets the old row, every later one the new."""
    tape = Tape()
    for rev in (1, 2):
        tape.reading(reader({PROFILE: {"rev": rev}}))([PROFILE])
    player = played(tape)
    assert [player.read([PROFILE])[PROFILE] for _ in range(3)] == [{"rev": 1}, {"rev": 2}, {"rev": 2}]


CLAIMS = Claims(("rain",), (), {"rev": 2}, 1)


@given(st.lists(outcomes, max_size=4))
def test_claims_are_answered_in_order_and_no_more_often_than_then(told: list[ClaimOutcome]) -> None:
    """Granted, denied, or lost to somebody else whose row came back; once more is not what was recorded."""
    tape = Tape()
    for outcome in told:
        assert tape.claiming(lambda _, now=outcome: now)(CLAIMS) == outcome
    player = played(tape)
    assert [player.claim(CLAIMS) for _ in told] == told
    with pytest.raises(InvalidRecord, match="other code"):
        player.claim(CLAIMS)


@given(st.dictionaries(some_keys, rows, max_size=6), st.dictionaries(texts, cards, max_size=8))
def test_any_inputs_go_round(told: Mapping[Key, Row | Absent], shown: Mapping[ItemId, Card | Absent]) -> None:
    """Whatever rows and cards hold: the very same comes back, types and all."""
    player = played(recorded(told, shown), told)
    again = player.read(list(told))
    assert again == told
    assert [_types(row) for row in again.values()] == [_types(row) for row in told.values()]
    assert player.read_cards(list(shown)) == shown
    assert player.gone == []


def _types(row: Row | Absent) -> object:
    return None if isinstance(row, Absent) else {name: type(value) for name, value in row.items()}


def test_digests_see_every_change() -> None:
    """Of a value, a name, a type; the order of attributes is none."""
    row: Row = {"table": b"12", "rev": 12}
    changed: list[Row] = [
        {"table": b"13", "rev": 12},
        {"table": b"12", "rew": 12},
        {"table": "12", "rev": 12},
        {"table": b"12", "rev": "12"},
        {"table": b"12"},
        {"table": b"1", "2rev": 12},
    ]
    assert len({digest_of(one) for one in [row, *changed]}) == len(changed) + 1
    assert digest_of({"rev": 12, "table": b"12"}) == digest_of(row)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_is_noticed(at: int, flip: int) -> None:
    """Anywhere: one clear error, never another decision."""
    data = bytearray(recorded().to_bytes())
    data[at % len(data)] ^= flip
    with pytest.raises(InvalidRecord):
        Tape.from_bytes(bytes(data))


@given(st.binary(max_size=200))
def test_noise_is_no_tape(noise: bytes) -> None:
    """Bytes of anywhere."""
    with pytest.raises(InvalidRecord):
        Tape.from_bytes(noise)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["format", "rows", "cards", "claims", "items", "lines"]), plain)
def test_a_tape_with_a_spoiled_part_is_refused_or_read(part: str, value: object) -> None:
    """Well-packed nonsense inside: still one clear error, if it is not by chance a tape."""
    told = recorded().to_plain()
    (told if part in told else told["cards"])[part] = value
    try:
        tape = Tape.from_bytes(pack(told))
    except InvalidRecord:
        return
    assert isinstance(tape, Tape)


def test_a_bomb_is_not_unpacked() -> None:
    """A few bytes that stand for very many."""
    with pytest.raises(InvalidRecord):
        unpack(pack({"rows": "0" * (9 << 20)}))


def test_other_formats_are_refused() -> None:
    """What a later version writes is not guessed at."""
    with pytest.raises(InvalidRecord, match="format"):
        Tape.from_bytes(pack({**recorded().to_plain(), "format": 99}))


def test_cards_of_a_page_share_what_they_have_in_common() -> None:
    """Sixty cards of one shop take less than fifty bytes each."""
    shown = {f"{n}": card(f"Goods of kind {n}", n, url=f"/shop/p/{n}") for n in range(1_000_000, 1_000_060)}
    size = len(recorded({}, shown).to_bytes()) - len(recorded({}, {}).to_bytes())
    assert size < 60 * 50
    assert played(recorded({}, shown)).read_cards(list(shown)) == shown
