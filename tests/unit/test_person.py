"""Persons: many devices are one, addresses come back from their bytes, and nothing is guessed from damaged ones."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, get_args

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.channels import CHANNELS
from vitrine.outreach.person import (
    MAX_VISITORS,
    PERSON_ID,
    Person,
    merged_profile,
    parse_person,
    person_of_visitor,
    row_of,
)
from vitrine.types import Absent, Event, Purpose
from vitrine.visitors.history import LANE_OF
from vitrine.visitors.profile import Consent, Profile

TEXTS = st.text(max_size=12)
CHANNEL = st.sampled_from(CHANNELS)
PERSONS = st.builds(
    Person,
    id=TEXTS,
    visitors=st.lists(TEXTS, unique=True, max_size=MAX_VISITORS).map(tuple),
    addresses=st.dictionaries(CHANNEL, TEXTS),
    allowed=st.frozensets(CHANNEL),
    suppressed=st.dictionaries(CHANNEL, TEXTS),
    zone=st.none() | TEXTS,
    locale=st.none() | TEXTS,
    name=st.none() | TEXTS,
)
ANNA: Final = Person(
    "anna", ("v1", "v2"), {"mail": "anna@example.com"}, frozenset({"mail"}), {"sms": "bounced"}, "Europe/Berlin", "de"
)


@settings(max_examples=150, deadline=None)
@given(PERSONS, st.none() | st.integers(1, 9))
def test_a_person_comes_back_from_the_row(person: Person, rev: int | None) -> None:
    """Nothing is lost, the order of addresses means nothing, and the revision goes up."""
    assert parse_person(row_of(person, rev), person.id) == (person, (rev or 0) + 1)
    turned = replace(person, addresses=dict(list(person.addresses.items())[::-1]))
    assert turned.encode() == person.encode()


def test_nobody_is_a_person_who_is_not_reached() -> None:
    """Missing is known; not read is not."""
    assert parse_person(Absent.MISSING, "anna") == (Person("anna"), None)
    assert not any(Person("anna").reaches(channel) for channel in CHANNELS)
    with pytest.raises(DependencyFailed) as caught:
        parse_person(Absent.NOT_READ, "anna")
    assert not isinstance(caught.value, DamagedRow)


def with_part(place: int, value: object) -> bytes:
    """Anna's bytes with one part replaced."""
    plain = msgpack.unpackb(ANNA.encode())
    plain[place] = value
    packed: bytes = msgpack.packb(plain)
    return packed


DAMAGED: Final = [
    b"",
    ANNA.encode()[:-1],
    ANNA.encode() + b"\x00",
    with_part(0, 2),
    with_part(1, 7),
    with_part(2, "v1"),
    with_part(2, [1]),
    with_part(3, [["pigeon", "roof"]]),
    with_part(3, [["mail", 5]]),
    with_part(3, [["mail"]]),
    with_part(4, ["smoke"]),
    with_part(4, None),
    with_part(5, [["mail", None]]),
    with_part(6, 1),
    with_part(7, b"de"),
    with_part(8, ["Anna"]),
]


@pytest.mark.parametrize("data", DAMAGED)
def test_damaged_bytes_are_a_failed_dependency(data: bytes) -> None:
    """Nothing is guessed from them: nobody is written to at half an address."""
    with pytest.raises(DependencyFailed):
        Person.decode(data)


@pytest.mark.parametrize("row", [{}, {"person": "text", "rev": 1}, {"person": ANNA.encode()}, {"person": 1, "rev": 1}])
def test_a_row_of_another_form_is_damaged(row: Any) -> None:
    """To ask again would not help, and the error says so."""
    with pytest.raises(DamagedRow):
        parse_person(row, "anna")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(ANNA.encode()) - 1), st.integers(1, 255))
def test_no_flipped_byte_breaks_more_than_the_person(at: int, flip: int) -> None:
    """A damaged person decodes to somebody or to our error."""
    data = bytearray(ANNA.encode())
    data[at] ^= flip
    with suppress(DependencyFailed):
        person = Person.decode(bytes(data))
        assert Person.decode(person.encode()) == person


def test_who_may_be_reached() -> None:
    """With an address, allowed, and not suppressed; the app needs no address."""
    person = Person("anna", (), {"mail": "a@b.c", "sms": "+49"}, frozenset({"mail", "push", "app"}))
    assert [channel for channel in CHANNELS if person.reaches(channel)] == ["mail", "app"]
    assert not person.without("mail", "bounce").reaches("mail")
    assert person.without("mail", "bounce").suppressed == {"mail": "bounce"}


def test_the_newest_visitors_stay() -> None:
    """A device linked again is the newest; the one linked longest ago gives way."""
    person = Person("anna").linked(["a", "b"]).linked(["c", "a"])
    assert person.visitors == ("c", "a", "b")
    many = person.linked(f"v{n}" for n in range(MAX_VISITORS - 1))
    assert many.visitors == (*(f"v{n}" for n in range(MAX_VISITORS - 1)), "c")


@pytest.mark.parametrize("id_", ["anna", "A-1_2", "x" * 64, person_of_visitor("0192f0c1-7d5e")])
def test_ids_of_persons(id_: str) -> None:
    """Letters, digits, - and _; those of one visitor begin with v:, which no shop's own id can."""
    assert PERSON_ID.fullmatch(id_)


@pytest.mark.parametrize("id_", ["", "x" * 65, "a b", "a\n", "a#b", "w:a", "v:", "ä", "\u0661"])
def test_other_texts_are_no_ids(id_: str) -> None:
    """Least of all one that would make another key of the table."""
    assert not PERSON_ID.fullmatch(id_)


PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
EVENTS = st.builds(
    Event,
    id=st.integers(0, 99).map(str),
    kind=st.sampled_from(sorted(LANE_OF)),
    at_ms=st.integers(0, 300),
    item=st.sampled_from("abc"),
    quantity=st.integers(0, 2),
)
DEVICES = st.lists(
    st.tuples(st.lists(EVENTS, max_size=40), st.integers(0, 3), st.frozensets(st.sampled_from(PURPOSES))), max_size=4
)


@settings(max_examples=100, deadline=None)
@given(DEVICES, st.randoms(use_true_random=False))
def test_devices_are_one_person_in_any_order(devices: list[Any], random: Any) -> None:
    """The history is that of all events on one device; consent that of the last word, of two at once the lesser."""
    profiles = [Profile(consent=Consent(at_ms, said)).apply(events) for events, at_ms, said in devices]
    merged = merged_profile(profiles)
    assert merged.history == Profile().apply(event for events, _, _ in devices for event in events).history
    random.shuffle(profiles)
    again = merged_profile([*profiles, *profiles[:1]])
    assert (again.history, again.consent) == (merged.history, merged.consent)
    said = [consent for consent in (profile.consent for profile in profiles) if consent.at_ms]
    last = max((one.at_ms for one in said), default=0)
    expected = [one.purposes for one in said if one.at_ms == last]
    assert merged.consent == Consent(last, frozenset.intersection(*expected) if expected else frozenset())


def test_what_the_crm_says_is_of_the_newest_device() -> None:
    """Where two devices carry something else; what only one has is kept."""
    newest = Profile(region="north", attributes={"kids": 2})
    older = Profile(region="south", attributes={"kids": 1, "pet": "dog"})
    merged = merged_profile([Profile(), newest, older])
    assert (merged.region, merged.attributes) == ("north", {"kids": 2, "pet": "dog"})
    assert merged_profile([]) == Profile()


def test_the_largest_person_is_small() -> None:
    """Every channel with the longest address that it can have: a web push subscription takes the most."""
    person = Person(
        "p" * 64,
        tuple(f"{n:064}" for n in range(MAX_VISITORS)),
        dict.fromkeys(CHANNELS, "€" * 700),
        frozenset(CHANNELS),
        dict.fromkeys(CHANNELS, "€" * 200),
        "America/Argentina/ComodRivadavia",
        "x" * 35,
        "\u20ac" * 200,
    )
    size = len(person.encode())
    print(f"largest person: {size:,} bytes")
    assert size < 32 * 1024
