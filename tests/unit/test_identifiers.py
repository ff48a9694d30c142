"""Identifiers of people, as digests: the same person written in many ways is one, and what is none is none."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.visitors.identifiers import KINDS, identify, normal_phone, parse_digest


def test_an_address_is_one_however_it_is_written() -> None:
    """As ad channels normalise it: a digest that the shop has sent them is ours."""
    expected = sha256(b"ann.lee@example.com").hexdigest()
    assert {identify("email", text, "1") for text in ("ann.lee@example.com", " Ann.Lee@EXAMPLE.com\t")} == {expected}
    assert parse_digest(f" {expected.upper()} ") == expected


@pytest.mark.parametrize(
    ("text", "calling_code", "number"),
    [
        ("+1 (555) 123-4567", "49", "+15551234567"),
        ("555.123.4567", "1", "+15551234567"),
        ("00 49 30 123456", "1", "+4930123456"),
        ("030/123456", "49", "+4930123456"),
        ("8 (912) 345-67-89", "7", "+79123456789"),
        ("+7 912 345 67 89", "7", "+79123456789"),
    ],
)
def test_a_telephone_number_is_one_however_it_is_written(text: str, calling_code: str, number: str) -> None:
    """In E.164; what is dialled at home gets the country's code."""
    assert normal_phone(text, calling_code) == number
    assert identify("phone", text, calling_code) == sha256(number.encode()).hexdigest()


def test_a_card_has_no_spaces() -> None:
    """Nor dashes, nor small letters."""
    assert identify("card", "ab-12 34", "1") == identify("card", "AB1234", "1")


@pytest.mark.parametrize(
    ("kind", "text"),
    [("email", "nobody"), ("email", "a@b"), ("email", ""), ("phone", "call me"), ("phone", "12"), ("card", " - ")],
)
def test_what_is_no_identifier_is_none(kind, text: str) -> None:
    """It would join everybody who wrote the same nonsense."""
    assert identify(kind, text, "1") is None


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_any_text_is_a_digest_or_none(kind, text: str) -> None:
    """And never the text itself."""
    found = identify(kind, text, "7")
    assert found is None or parse_digest(found) == found


def test_other_text_is_no_digest() -> None:
    """Of the right length and letters, or none."""
    assert parse_digest("a" * 63) is None
    assert parse_digest("g" * 64) is None
