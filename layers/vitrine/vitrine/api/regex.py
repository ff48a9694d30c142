"""Regular expressions that cannot blow up: Rust's engine, which pydantic brings along, is linear in the text's length.

It has no look-around and no back-references, because nothing linear has them. Python's own engine takes nine seconds
for `(a+)+$` on 26 letters.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

MAX_PATTERN_LENGTH: Final = 500
MAX_TEXT_LENGTH: Final = 4_096
"""Longer texts are searched up to here: what a visitor sends bounds no more than the body's size does."""

_REMEDIES: Final = {
    "look-around": "the engine has no look-ahead and look-behind; write two conditions, one with $not",
    "backreferences": "the engine has no back-references; spell out what may repeat",
    "size limit": "it is too large when compiled; use smaller counted repetitions",
}


@lru_cache(maxsize=4_096)
def compile_regex(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether the pattern is found anywhere in a text. Total, linear in the text's length.

    Raises:
        ValueError: the pattern is longer than MAX_PATTERN_LENGTH, is none, or needs what no linear engine has.
    """
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    if len(pattern) > MAX_PATTERN_LENGTH:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN_LENGTH} characters")
    try:
        found_in = SchemaValidator(core_schema.str_schema(pattern=pattern, strict=True)).isinstance_python
    except SchemaError as error:
        raise ValueError(_remedy(str(error))) from error

    def search(text: str) -> bool:
        return found_in(text[:MAX_TEXT_LENGTH])

    return search


def defer_regex(pattern: str) -> Callable[[str], bool]:
    """As compile_regex of a pattern that was checked before, but compiled at its first use: 0.2 ms that most wait for.

    The engine is imported here and now. A pattern that is refused later, because the engine has changed since the
    check, is found nowhere.
    """
    import pydantic_core  # noqa: F401

    def search(text: str) -> bool:
        try:
            found_in = compile_regex(pattern)
        except ValueError:
            return False
        return found_in(text)

    return search


def _remedy(error: str) -> str:
    for word, remedy in _REMEDIES.items():
        if word in error:
            return remedy
    reason = error.rpartition("error:")[2].strip().splitlines()
    return f"it is no regular expression: {reason[0] if reason else 'the engine refuses it'}"
