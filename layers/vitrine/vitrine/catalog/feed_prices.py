"""Prices as shops write them, to minor units of the store's currency.

The same text can be two prices: `1,299` is one thousand and something in London and one and something in Berlin. A form
that declares its decimal mark settles that; else such a price is refused, because guessing wrong is an error by 1,000.
Minor units: ISO 4217, https://www.iso.org/iso-4217-currency-codes.html.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from unicodedata import normalize

from vitrine.catalog.feed_items import BadValue, DecimalMark

MAX_PRICE: Final = 10**9  # minor units, as in the public API
MAX_DIGITS: Final = 15

_EXPONENTS: Final = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_SIGNS: Final = {
    **dict.fromkeys(("€",), "EUR"),
    **dict.fromkeys(("£",), "GBP"),
    **dict.fromkeys(("₽", "РУБ", "РУБЛЕЙ", "Р", "RUR"), "RUB"),
    **dict.fromkeys(("₴", "ГРН"), "UAH"),
    **dict.fromkeys(("₸", "ТГ"), "KZT"),
    **dict.fromkeys(("ZŁ",), "PLN"),
    **dict.fromkeys(("KČ",), "CZK"),
    **dict.fromkeys(("US$",), "USD"),
}
_SHARED: Final = {
    "$": frozenset(["USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"]),
    "¥": frozenset(["JPY", "CNY"]),
    "KR": frozenset(["SEK", "NOK", "DKK", "ISK"]),
}
"""Signs of several currencies: the store's own, if it is among them."""

_PRICE: Final = re.compile(
    r"(?P<before>[^0-9]*?)(?P<number>[0-9][0-9.,' ]*|(?<![^\W0-9_])[.,][0-9]+)(?P<after>[^0-9]*)"
)
_GROUPED: Final = re.compile(r"[0-9]{1,3}([ '.,][0-9]{3})+", re.ASCII)


def exponent(currency: str) -> int:
    """How many decimals a currency has: 2 but for the few that have 0 or 3."""
    return _EXPONENTS.get(currency, 2)


def parse_price(text: str, currency: str, mark: DecimalMark = "auto") -> int:
    """The price in minor units; fractions of a minor unit are rounded half up. A price without a currency is in ours.

    Raises:
        BadValue: it is no price, is negative or out of range, can be read two ways, or is in another currency (of kind
            `currency`).
    """
    found = _PRICE.fullmatch(normalize("NFKC", text).replace("’", "'").strip())
    if found is None:
        raise BadValue(f"{_shown(text)} is no price", "write it like 12.99 USD")
    before, after = found["before"].strip(), found["after"].strip()
    if before.endswith(("-", "−")):
        raise BadValue(f"{_shown(text)} is below zero", "a price is 0 or more")
    for word in (before, after):
        _require(currency, word)
    places = exponent(currency)
    number = _decimal(found["number"].strip(" '"), mark, text)
    minor = int(number.scaleb(places).quantize(Decimal(1), ROUND_HALF_UP))
    if minor > MAX_PRICE:
        raise BadValue(f"{_shown(text)} is above {MAX_PRICE:,} minor units", "prices are per unit")
    return minor


def _require(currency: str, word: str) -> None:
    """Refuse a word beside the number that is not a sign or code of the currency."""
    bare = word.strip(" .:-–—").upper()
    if not bare or _SIGNS.get(bare, bare) == currency or currency in _SHARED.get(bare, ()):
        return
    code = _SIGNS.get(bare, bare)
    raise BadValue(f"the currency is {_shown(code)}", f"the store sells in {currency}", "currency")


def _decimal(number: str, mark: DecimalMark, text: str) -> Decimal:
    """The number whose thousands may be grouped by a space, an apostrophe or the mark that is not the decimal one."""
    at = _decimal_mark_at(number, mark, text)
    whole, fraction = (number, "") if at is None else (number[:at], number[at + 1 :])
    digits = re.sub(r"[ '.,]", "", whole)
    if (digits != whole and not _GROUPED.fullmatch(whole)) or (fraction and not fraction.isdigit()):
        raise BadValue(f"{_shown(text)} is no price", "write it like 1299.00")
    if len(digits) + len(fraction) > MAX_DIGITS:
        raise BadValue(f"{_shown(text)} has too many digits")
    return Decimal(f"{digits or 0}.{fraction or 0}")


def _decimal_mark_at(number: str, mark: DecimalMark, text: str) -> int | None:
    """Where the decimals begin, None for a whole number."""
    marks = [n for n, sign in enumerate(number) if sign in ".,"]
    if not marks:
        return None
    last = marks[-1]
    n_decimals = len(number) - last - 1
    if len(marks) > 1:
        return None if all(number[n] == number[last] for n in marks) else last
    looks_grouped = n_decimals == 3 and _GROUPED.fullmatch(number) is not None and number[0] != "0"
    if not looks_grouped or number[last] == mark:
        return last
    if mark != "auto":
        return None
    if not re.search("[ ']", number):  # else that groups the thousands, and the mark is for the decimals
        raise BadValue(f"{_shown(text)} can be read two ways", "declare decimal_mark: '.' or ','")
    return last


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
