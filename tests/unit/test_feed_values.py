"""Texts of a feed: prices in many spellings, availability, categories, addresses, dates of sales."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.feeds import NOW_MS
from vitrine.catalog.feed_items import BadValue
from vitrine.catalog.feed_prices import MAX_PRICE, parse_price
from vitrine.catalog.feed_values import (
    MAX_TITLE,
    category_path,
    is_available,
    is_within,
    parse_address,
    parse_id,
    parse_title,
)

TEXT = st.text(max_size=30)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.99 USD", "USD", 1299),
        ("USD 12.99", "USD", 1299),
        ("$12.99", "USD", 1299),
        ("$12.99", "CAD", 1299),
        ("1 299,00 RUB", "RUB", 129_900),
        ("1 299,00 ₽", "RUB", 129_900),
        ("1\u202f299,00 руб.", "RUB", 129_900),
        ("1299 RUR", "RUB", 129_900),
        ("руб.100", "RUB", 10_000),
        ("1,299.00", "USD", 129_900),
        ("1.299,00 €", "EUR", 129_900),
        ("1'299.50 CHF", "CHF", 129_950),
        ("1.299.000,5", "EUR", 129_900_050),
        ("100,-", "EUR", 10_000),
        (".99", "USD", 99),
        ("0", "USD", 0),
        ("12.995", "RUB", None),  # two readings
        ("12.9950", "USD", 1300),  # half up
        ("1299.000", "USD", 129_900),
        ("0.999", "USD", 100),
        ("1500 JPY", "JPY", 1500),
        ("¥1500", "JPY", 1500),
        ("1.2345 KWD", "KWD", 1235),
    ],
)
def test_prices_become_minor_units(text: str, currency: str, minor: int | None) -> None:
    """Signs and codes on either side, spaces and marks between thousands, the currency's own decimals."""
    if minor is None:
        with pytest.raises(BadValue, match="two ways"):
            parse_price(text, currency)
    else:
        assert parse_price(text, currency) == minor


@pytest.mark.parametrize(("mark", "minor"), [(".", 1299), (",", 1_299_000)])
def test_a_declared_mark_settles_what_can_be_read_two_ways(mark, minor: int) -> None:
    """Guessing would be wrong by a thousand."""
    with pytest.raises(BadValue, match="two ways"):
        parse_price("12.990", "USD")
    assert parse_price("12.990", "USD", mark) == minor


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "field"),
        ("free", "field"),
        ("-5", "field"),
        ("−5 USD", "field"),
        ("12-15", "field"),
        ("1,2,3", "field"),
        ("1 29 9", "field"),
        ("9" * 30, "field"),
        ("12.99 EUR", "currency"),
        ("€12.99", "currency"),
        ("12.99 XXX", "currency"),
        ("12.99 per kg", "currency"),
    ],
)
def test_what_is_no_price_of_ours_is_refused(text: str, kind: str) -> None:
    """With its kind: many of another currency say something else of a feed than many typing errors."""
    with pytest.raises(BadValue) as refused:
        parse_price(text, "USD")
    assert refused.value.kind == kind


@given(st.integers(0, MAX_PRICE), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_plainly_written_price_comes_back(minor: int, currency: str) -> None:
    """Whole numbers and as many decimals as the currency has, with a point that is declared."""
    places = {"USD": 2, "JPY": 0, "KWD": 3}[currency]
    text = f"{minor // 10**places}" + (f".{minor % 10**places:0{places}}" if places else "")
    assert parse_price(f"{text} {currency}", currency, ".") == minor


@given(TEXT, st.sampled_from(["auto", ".", ","]))
def test_any_text_is_a_price_or_refused(text: str, mark) -> None:
    """Nothing else ever happens."""
    with suppress(BadValue):
        assert 0 <= parse_price(text, "USD", mark) <= MAX_PRICE


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        ("in_stock", True),
        ("in stock", True),
        ("In Stock", True),
        ("https://schema.org/InStock", True),
        ("12", True),
        ("0.5", True),
        ("да", True),
        ("out of stock", False),
        ("http://schema.org/OutOfStock", False),
        ("0", False),
        ("-3", False),
        ("нет", False),
        ("preorder", False),
        ("backorder", False),
    ],
)
def test_words_and_quantities_say_what_is_there(text: str, is_there: bool) -> None:
    """What can only be ordered ahead is not there, unless a store sells that."""
    assert is_available(text, sells_preorders=False) is is_there


def test_preorders_count_where_they_are_sold() -> None:
    """A declaration of the store."""
    assert is_available("preorder", sells_preorders=True)


def test_an_unknown_word_is_no_availability() -> None:
    """Neither in stock nor out of it: nobody knows."""
    with pytest.raises(BadValue, match="perhaps"):
        is_available("perhaps", sells_preorders=False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Kitchen > Pans", "kitchen/pans"),
        ("Home & Garden > Kitchen & Dining > Cookware > Pans", "home-garden/kitchen-dining/pans"),
        ("Молоко и сыр\nСыры", "молоко-и-сыр/сыры"),
        ("  > Pans > ", "pans"),
        ("2271", "other"),
        ("", "other"),
        (">>>", "other"),
        ("A/B > C", "a-b/c"),
    ],
)
def test_categories_become_paths_of_three_levels_at_most(text: str, path: str) -> None:
    """Department, category and the most specific type; a number of Google's taxonomy says nothing."""
    assert category_path(text, ">") == path


@given(st.text(max_size=100))
def test_any_text_makes_a_path_that_store_files_can_name(text: str) -> None:
    """One to three levels without white space."""
    levels = category_path(text, ">").split("/")
    assert 1 <= len(levels) <= 3
    assert all(level and not any(sign.isspace() for sign in level) for level in levels)


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x", "x", "/a b", "/<"]
)
def test_other_addresses_than_of_the_web_are_refused(text: str) -> None:
    """A card's link is put into pages."""
    with pytest.raises(BadValue):
        parse_address(text, "link")


def test_addresses_of_the_web_and_paths_of_the_shop_are_taken() -> None:
    """With what an address may have."""
    for text in ("https://shop.example/p/1?a=b&c=%20#d", "/p/1", ""):
        assert parse_address(f" {text} ", "link") == text


@pytest.mark.parametrize("text", ["", "  ", "a b", "a\u200bb", "x" * 129, "й" * 65])
def test_ids_that_the_api_would_refuse_are_refused(text: str) -> None:
    """Nobody could ever ask for such an item."""
    with pytest.raises(BadValue):
        parse_id(text)


def test_titles_are_one_visible_line() -> None:
    """White space is single, direction overrides are gone, length is bounded, and nothing is no title."""
    assert parse_title(" A\n\tpan\u202e \u00a0set ") == "A pan set"
    assert len(parse_title("x" * 1_000)) == MAX_TITLE
    with pytest.raises(BadValue):
        parse_title("\u200b ")


def test_a_sale_has_a_beginning_and_an_end() -> None:
    """Google's form, with and without zone; anything else is refused."""
    assert is_within("2026-11-22T11:07+0100/2026-11-23", NOW_MS)
    assert not is_within("2026-11-22T14:07+0100/2026-11-23", NOW_MS)
    assert not is_within("2026-11-01/2026-11-22T12:00Z", NOW_MS)
    with pytest.raises(BadValue):
        is_within("soon", NOW_MS)
