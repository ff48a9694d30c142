"""What JavaScript makes of JSON values, so that undeclared attributes compare as in GrowthBook's own SDK.

Only null, booleans, numbers and strings are converted. JavaScript would also turn ["a"] into "a" and {} into
"[object Object]"; that has never been meant, so lists and objects equal no scalar here and stand in no order.
"""

import math
import re
from decimal import Decimal
from typing import Final

NUMBERS: Final = (int, float)  # JSON's; bool is an int to Python, so ask for bool first

_MAX_PLAIN: Final = 10**21  # from here on JavaScript writes numbers with an exponent
_MIN_PLAIN: Final = 1e-6
_NUMERAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?Infinity")
_RADIX: Final = re.compile(r"0(?:[xX][0-9a-fA-F]{1,64}|[oO][0-7]{1,64}|[bB][01]{1,64})")

_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (type(None), "null"),
    (bool, "boolean"),
    (str, "string"),
    (NUMBERS, "number"),
    ((list, tuple, set, frozenset), "array"),
    (dict, "object"),
)


def type_of(value: object) -> str:
    """The name that `$type` has for a value: null, boolean, string, number, array, object or unknown."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "unknown")


def code_units(text: str) -> bytes:
    """UTF-16 code units, big-endian: comparing them as bytes orders texts as JavaScript does."""
    return text.encode("utf-16-be", "surrogatepass")


def is_true(value: object) -> bool:
    """Whether JavaScript takes the value for true: lists and objects always, even empty ones."""
    if value is None or isinstance(value, str):
        return bool(value)
    return not isinstance(value, NUMBERS) or (value != 0 and value == value)


def number_of(value: object) -> int | float:
    """The number that `value * 1` gives, NaN where there is none."""
    if isinstance(value, NUMBERS):
        return value
    if value is None:
        return 0
    return _parsed(value.strip()) if isinstance(value, str) else math.nan


def _parsed(text: str) -> int | float:
    """The number that a trimmed text spells. Python's float() would also take 1_000, nan and foreign digits."""
    if not text:
        return 0
    if _NUMERAL.fullmatch(text):
        return float(text)
    return int(text, 0) if _RADIX.fullmatch(text) else math.nan


def text_of(value: object) -> str | None:
    """The text that `value + ""` gives, None for lists, objects and what is not JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number_text(value) if isinstance(value, NUMBERS) else None


def _number_text(number: int | float) -> str:
    """A number as JavaScript writes it (ECMA-262, Number::toString)."""
    if -_MAX_PLAIN < number < _MAX_PLAIN and number == int(number):
        return str(int(number))
    try:
        number = float(number)
    except OverflowError:
        return "Infinity" if number > 0 else "-Infinity"
    if not math.isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    if _MIN_PLAIN <= abs(number) < _MAX_PLAIN:
        return format(Decimal(repr(number)), "f")
    mantissa, _, exponent = repr(number).partition("e")
    return f"{mantissa}e{int(exponent):+d}"
