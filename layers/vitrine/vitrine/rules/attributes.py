"""What conditions look at: attributes by dotted path, and the error that says where a condition is wrong."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

from vitrine.errors import VitrineError
from vitrine.values import dataclass

Lookup: TypeAlias = Callable[[str], Any]
"""Value of an attribute by its path; None when it is unknown."""

Kind = Literal["string", "number", "boolean", "strings"]
CompileRegex: TypeAlias = Callable[[str], Callable[[str], bool]]
"""A search function for a pattern, linear in the text's length; raises ValueError for a pattern it refuses."""

At: TypeAlias = tuple[str | int, ...]
"""The way to a place in a condition: keys of objects and indices of lists."""

ARRAYS: Final = (list, tuple, frozenset, set)
"""Types of attribute values that are lists to a condition."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that conditions may look at. `values` lists what it can be, where that is closed.

    `encode` maps an operand as people write it to what the attribute holds (a category path to its code).
    """

    kind: Kind
    about: str
    values: tuple[str, ...] = ()
    encode: Callable[[str], Any] | None = None


class InvalidCondition(VitrineError):
    """A condition is wrong. `at` is the path to the place in it, `hint` says how to mend it."""

    def __init__(self, message: str, at: At = (), hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint


def closest(word: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant, '' when nothing known is near."""
    from difflib import get_close_matches  # only for who is wrong, while every cold start would pay for it

    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def lookup_in(value: object) -> Lookup:
    """The lookup of dotted paths in nested dicts and lists (by index), None where a path leads nowhere.

    As GrowthBook's getPath; a part of a path is a key or, in a list, a decimal index.
    """

    def lookup(path: str) -> object:
        found = value
        for part in path.split("."):
            found = _member(found, part)
        return found

    return lookup


def _member(value: object, part: str) -> object:
    if isinstance(value, dict):
        return value.get(part)
    # Ten digits address more than any list holds, and a longer number could not be parsed for sure.
    if isinstance(value, list | tuple) and len(part) <= 10 and part.isascii() and part.isdigit():
        index = int(part)
        return value[index] if index < len(value) else None
    return None
