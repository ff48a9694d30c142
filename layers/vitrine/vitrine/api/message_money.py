"""Prices and days as people of a language write them, by CLDR 45 (cldr.unicode.org).

A few languages by hand, because a library for all of them is 30 MB; what is none of them gets ISO 4217 and ISO 8601,
which everybody can read.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from vitrine.catalog.feed_prices import exponent

NBSP: Final = "\u00a0"


class Form(NamedTuple):
    """How a language writes amounts: marks of decimals and thousands, and whether the currency comes first."""

    decimal: str
    group: str
    is_first: bool


FORMS: Final[Mapping[str, Form]] = {
    "en": Form(".", ",", True),
    "ru": Form(",", NBSP, False),
    "de": Form(",", ".", False),
}
SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
RUSSIAN_SIGNS: Final = {"RUB": "₽", "UAH": "₴", "KZT": "₸"}
# fmt: off
MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня",
        "июля", "августа", "сентября", "октября", "ноября", "декабря",
    ),
}
# fmt: on


def money(amount: int, currency: str, locale: str) -> str:
    """An amount of minor units: 498 USD is $4.98 in English, 4,98 $ in Russian."""
    form = FORMS.get(locale)
    places = exponent(currency)
    if form is None:
        return f"{_number(amount, places, '.', '')}{NBSP}{currency}"
    number = _number(amount, places, form.decimal, form.group)
    signs = {**SIGNS, **RUSSIAN_SIGNS} if locale == "ru" else SIGNS
    sign = signs.get(currency, currency)
    if not form.is_first:
        return f"{number}{NBSP}{sign}"
    gap = NBSP if sign[-1].isalpha() else ""
    return f"-{sign}{gap}{number[1:]}" if number.startswith("-") else f"{sign}{gap}{number}"


def day_text(day: date, locale: str) -> str:
    """A day without its year."""
    if locale not in MONTHS:
        return day.isoformat()
    month = MONTHS[locale][day.month - 1]
    return f"{month} {day.day}" if locale == "en" else f"{day.day} {month}"


def _number(amount: int, places: int, decimal: str, group: str) -> str:
    whole, rest = divmod(abs(amount), 10**places)
    grouped = f"{whole:,}".replace(",", group)
    sign = "-" if amount < 0 else ""
    return f"{sign}{grouped}{decimal}{rest:0{places}}" if places else f"{sign}{grouped}"
