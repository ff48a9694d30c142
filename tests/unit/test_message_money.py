"""Prices and days as people write them."""

from datetime import date

import pytest

from vitrine.api.message_money import day_text, money


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "said"),
    [
        (498, "USD", "en", "$4.98"),
        (123_456_789, "USD", "en", "$1,234,567.89"),
        (-50, "USD", "en", "-$0.50"),
        (1_234_550, "RUB", "en", "RUB\u00a012,345.50"),
        (1_234_550, "RUB", "ru", "12\u00a0345,50\u00a0₽"),
        (498, "USD", "ru", "4,98\u00a0$"),
        (1_234_567, "JPY", "en", "¥1,234,567"),
        (1_234_567, "JPY", "ru", "1\u00a0234\u00a0567\u00a0¥"),
        (1_234_550, "EUR", "de", "12.345,50\u00a0€"),
        (12_345_500, "KWD", "ru", "12\u00a0345,500\u00a0KWD"),
        (5, "USD", "ru", "0,05\u00a0$"),
        (123_456, "EUR", "sv", "1234.56\u00a0EUR"),
    ],
)
def test_prices_as_browsers_write_them(amount: int, currency: str, locale: str, said: str) -> None:
    """The same as Intl.NumberFormat of JavaScript; the standards' own form where a language is not known."""
    assert money(amount, currency, locale) == said


def test_days_without_their_year() -> None:
    """In the case that Russian has for dates."""
    day = date(2026, 5, 9)
    assert [day_text(day, locale) for locale in ("en", "ru", "sv")] == ["May 9", "9 мая", "2026-05-09"]
