"""Fresh ids sort by time and never repeat."""

from datetime import UTC, datetime, timedelta

from vitrine.adapters.clock import ALPHABET, new_id, utc_now

NOW = datetime(2026, 11, 2, 12, 0, 0, 123000, tzinfo=UTC)


def test_ids_sort_by_their_instant() -> None:
    """A millisecond later is larger, whatever the random part."""
    ids = [new_id(NOW + timedelta(milliseconds=n)) for n in range(200)]
    assert ids == sorted(ids)


def test_ids_of_one_instant_differ() -> None:
    """80 random bits of the operating system, so restored snapshots differ, too."""
    assert len({new_id(NOW) for _ in range(1000)}) == 1000


def test_an_id_is_26_plain_letters_that_tell_the_millisecond() -> None:
    """The layout of a ULID: ten letters of time, sixteen of chance."""
    fresh = new_id(NOW)
    assert len(fresh) == 26
    assert set(fresh) <= set(ALPHABET)
    number = 0
    for letter in fresh:
        number = number * 32 + ALPHABET.index(letter)
    assert number >> 80 == 1793620800123


def test_the_present_is_aware_and_in_utc() -> None:
    """No naive time enters."""
    assert utc_now().utcoffset() == timedelta(0)
