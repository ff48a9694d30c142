"""Parts of a request, declared once as annotated classes: read strictly here, told to callers in the OpenAPI document.

A class is compiled to closures when its first body comes. Nothing is converted but an integer where a float belongs,
nothing unknown is taken. This is not pydantic, whose import costs a cold start a quarter of a
naive handler's whole one; api/openapi_wire.py makes pydantic's models of the same classes for the document.
"""

import sys
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Self,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from vitrine.api.strict_json import shorten
from vitrine.errors import InvalidField

Check: TypeAlias = Callable[[Any], Any]
"""The value as the request has it; raises Unfit."""

NO_DEFAULT: Final = object()
MAX_BYTES_PER_LETTER: Final = 4  # in UTF-8


class Unfit(Exception):
    """A value is not what its place in the request wants; `path` leads to it from the value that was checked."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path: list[str | int] = list(path)

    def below(self, step: str | int) -> "Unfit":
        """The same, seen from one level further out."""
        self.path.insert(0, step)
        return self


class Bounds(NamedTuple):
    """Least and most of a number, or of the members of a list or a mapping; both included."""

    least: float
    most: float


class Letters(NamedTuple):
    """What a text may be: letters at least and at most, bytes of UTF-8 at most, and which letters.

    `pattern` tells the letters to callers, in the form of Rust's regular expressions, `allows` decides.
    """

    least: int = 0
    most: int | None = None
    most_bytes: int | None = None
    pattern: str | None = None
    allows: Callable[[str], object] | None = None


class Wire:
    """A part of a request. Its annotations are its form; what was not sent is the class's own default. Immutable."""

    @classmethod
    def checked(cls, value: Any, at: str = "") -> Self:  # noqa: ANN401 - what a caller sent can be anything
        """The value as this part.

        Raises:
            InvalidField: it does not fit; names the first field that does not, as a dotted path below `at`.
        """
        hint: Any = cls
        try:
            part: Self = check_of(hint)(value)
        except Unfit as unfit:
            path = [*([at] if at else []), *(shorten(str(step)) for step in unfit.path)]
            raise InvalidField(str(unfit), ".".join(path)) from None
        return part

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a request stays as it was checked: {name}")


class FormField(NamedTuple):
    """A field of a part: its annotation, and its default, NO_DEFAULT where it has to be sent."""

    hint: Any
    default: Any


def form_of(part: type[Wire]) -> Mapping[str, FormField]:
    """The fields of a part, in the order of its class."""
    hints = get_type_hints(part, include_extras=True)
    return {name: FormField(hint, getattr(part, name, NO_DEFAULT)) for name, hint in hints.items()}


@cache
def check_of(hint: Any) -> Check:  # noqa: ANN401 - any annotation
    """The check that an annotation means."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _ruled(arguments[0], arguments[1:])
    if origin in (UnionType, Union):
        return _any_of(arguments)
    if origin is Literal:
        return _one_of(arguments)
    if origin is not None or hint in (str, int, float):
        return _ruled(hint, ())
    if hint is bool:
        return _truth
    if hint is Any:
        return lambda value: value
    return _part(hint)


def _ruled(hint: Any, rules: tuple[Any, ...]) -> Check:  # noqa: ANN401 - any annotation
    origin = get_origin(hint)
    if hint is str:
        return _text(rules)
    if hint in (int, float):
        return _number(hint, *rules)
    members = get_args(hint)
    if origin in (tuple, list):
        return _many(origin, check_of(members[0]), *rules)
    return _named(check_of(members[0]), check_of(members[1]), *rules)


def _text(rules: tuple[Letters, ...]) -> Check:
    """All rules as one, with bounds that no text of an accepted body reaches where a rule has none."""
    least = max((rule.least for rule in rules), default=0)
    most = min((rule.most for rule in rules if rule.most is not None), default=sys.maxsize)
    most_bytes = min((rule.most_bytes for rule in rules if rule.most_bytes is not None), default=sys.maxsize)
    surely_fits = min(most, most_bytes // MAX_BYTES_PER_LETTER)
    allowed = [rule.allows for rule in rules if rule.allows is not None]

    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not str:
            raise Unfit("should be a valid string")
        if len(value) < least:
            raise Unfit(f"should have at least {least} character{'' if least == 1 else 's'}")
        if len(value) > surely_fits:
            if len(value) > most:
                raise Unfit(f"should have at most {most} characters")
            if len(value.encode()) > most_bytes:
                raise Unfit(f"should have at most {most_bytes} bytes")
        for allows in allowed:
            if not allows(value):
                raise Unfit("holds characters that are not allowed here")
        return value

    return check


def _number(kind: type[int] | type[float], bounds: Bounds) -> Check:
    least, most = bounds
    wanted = "integer" if kind is int else "number"

    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not kind and type(value) is not int:  # a bool is none of them
            raise Unfit(f"should be a valid {wanted}")
        if not value <= most:  # nor is NaN
            raise Unfit(f"should be less than or equal to {most}")
        if not value >= least:
            raise Unfit(f"should be greater than or equal to {least}")
        return kind(value)

    return check


def _truth(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
    if type(value) is not bool:
        raise Unfit("should be a valid boolean")
    return value


def _one_of(options: tuple[str, ...]) -> Check:
    *others, last = map(repr, options)
    wanted = f"{', '.join(others)} or {last}"

    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not str or value not in options:
            raise Unfit(f"should be {wanted}")
        return value

    return check


def _any_of(hints: tuple[Any, ...]) -> Check:
    checks = [check_of(hint) for hint in hints if hint is not NoneType]
    is_optional = NoneType in hints

    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if value is None and is_optional:
            return None
        for attempt in checks[:-1]:
            try:
                return attempt(value)
            except Unfit:
                continue
        return checks[-1](value)

    return check


def _many(kind: Callable[[list[Any]], Any], check_one: Check, bounds: Bounds) -> Check:
    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not list:
            raise Unfit("should be a valid list")
        _check_count(len(value), bounds, "items")
        found: list[Any] = []
        try:
            for one in value:
                found.append(check_one(one))
        except Unfit as unfit:
            raise unfit.below(len(found)) from None
        return kind(found)

    return check


def _named(check_name: Check, check_one: Check, bounds: Bounds) -> Check:
    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not dict:
            raise Unfit("should be an object")
        _check_count(len(value), bounds, "members")
        found = {}
        for name, one in value.items():
            try:
                check_name(name)
            except Unfit as unfit:
                raise unfit.below("[key]").below(name) from None
            try:
                found[name] = check_one(one)
            except Unfit as unfit:
                raise unfit.below(name) from None
        return found

    return check


def _check_count(n: int, bounds: Bounds, what: str) -> None:
    if n > bounds.most:
        raise Unfit(f"should have at most {bounds.most} {what}")
    if n < bounds.least:
        raise Unfit(f"should have at least {bounds.least} {what if bounds.least > 1 else what[:-1]}")


def _part(part: type[Wire]) -> Check:
    form = form_of(part)
    checks = {name: check_of(field.hint) for name, field in form.items()}
    required = [name for name, field in form.items() if field.default is NO_DEFAULT]

    def check(value: Any) -> Any:  # noqa: ANN401 - what a caller sent
        if type(value) is not dict:
            raise Unfit("should be an object")
        made = part.__new__(part)
        sent = made.__dict__
        for name, one in value.items():
            try:
                sent[name] = checks[name](one)
            except KeyError:
                raise Unfit("unknown field", name) from None
            except Unfit as unfit:
                raise unfit.below(name) from None
        for name in required:
            if name not in sent:
                raise Unfit("is required", name)
        return made

    return check
