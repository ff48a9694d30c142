"""Bytes to one JSON object, strictly, in small and bounded time.

Size first, before anything looks at the content. Then two parsers: orjson refuses what is not RFC 8259 JSON in UTF-8
(NaN, Infinity, numbers beyond a double, lone surrogates, deep nesting, a byte order mark) but keeps the last of two
equal keys in silence. So keys are counted, in the text and in what came of it; only where the two differ, or the text
has blanks between a quote and a colon, is the standard library asked, whose parser shows every key.
"""

import json
from collections import Counter
from typing import Any, Final, NoReturn

import orjson

from vitrine.errors import BodyTooLarge, InvalidField, MalformedJson

MAX_BODY_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 100
"""Of objects and arrays in each other: the deepest request that means something has seven."""

_CONTAINERS: Final = (dict, list)
SHOWN: Final = 40  # letters of the caller's own text that an error repeats


def check_size(n_bytes: int) -> None:
    """Refuse a body above the cap.

    Raises:
        BodyTooLarge: it is.
    """
    if n_bytes > MAX_BODY_BYTES:
        raise BodyTooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that the body is.

    Raises:
        BodyTooLarge: it is above MAX_BODY_BYTES.
        MalformedJson: it is not strict JSON, or a key stands twice in one object.
        InvalidField: it is JSON but no object.
    """
    check_size(len(body))
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"the body is not strict JSON in UTF-8: {error}") from error
    if not isinstance(parsed, dict):
        raise InvalidField("the body has to be a JSON object")
    try:
        if not _has_gaps(body) and body.count(b'":') == _count_keys(parsed):
            return parsed
        strict: dict[str, Any] = json.loads(body, object_pairs_hook=_without_repeats, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # integers of thousands of digits; nesting near orjson's limit
        raise MalformedJson("the body is nested too deeply or holds a number that is too long") from error
    return strict


def _has_gaps(body: bytes) -> bool:
    """Whether a colon may stand apart from the key before it."""
    return b'" ' in body or b'"\n' in body or b'"\r' in body or b'"\t' in body


def _count_keys(value: Any, depth: int = 0) -> int:  # noqa: ANN401 - any JSON
    """The keys of all objects in a value.

    Raises:
        RecursionError: it is nested deeper than MAX_DEPTH, on whatever Python: their own limits differ.
    """
    if depth > MAX_DEPTH:
        raise RecursionError
    if type(value) is dict:
        return len(value) + sum([_count_keys(one, depth + 1) for one in value.values() if type(one) in _CONTAINERS])
    return sum([_count_keys(one, depth + 1) for one in value if type(one) in _CONTAINERS])


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise MalformedJson(f"the key {shorten(repeated)!r} stands twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise MalformedJson(f"{constant} is not JSON")


def shorten(text: str) -> str:
    """The beginning of a caller's text, safe to repeat in an error."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text[:SHOWN])
    return printable + "..." if len(text) > SHOWN else printable
