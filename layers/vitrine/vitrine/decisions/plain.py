"""Values of our own types as plain ones and back, told by their declarations: for records, which outlive the code.

What comes back is checked against the declared types, because a record may be damaged or of another version.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from vitrine.errors import InvalidRecord

T = TypeVar("T")

SCALARS: Final = frozenset({NoneType, bool, int, float, str, bytes})


def to_plain(value: object) -> Any:  # noqa: ANN401 - any plain value
    """Only mappings with text keys, lists, numbers, texts, bytes, booleans and None; what equals a default is left out.

    A mapping with other keys becomes a list of pairs, a set a sorted list, an enumeration its value.
    """
    if type(value) in SCALARS:
        return value
    if type(value) in (tuple, list):
        return [inner if type(inner) in SCALARS else to_plain(inner) for inner in value]  # type: ignore[attr-defined]
    if is_dataclass(value):
        return _told(value)
    match value:
        case Enum():
            return to_plain(value.value)
        case None | bool() | int() | float() | str() | bytes():
            return value
        case datetime():
            return value.isoformat()
        case Mapping():
            pairs = [(key, to_plain(inner)) for key, inner in value.items()]
            return (
                dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else [[to_plain(k), v] for k, v in pairs]
            )
        case frozenset() | set():
            return sorted(to_plain(inner) for inner in value)
        case Collection():
            return [to_plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def _told(value: object) -> dict[str, Any]:
    """The fields of a dataclass that are not as their defaults."""
    kind: Any = type(value)
    told = {}
    for name, default in _declared(kind):
        inner = getattr(value, name)
        if inner is not default and inner != default:
            told[name] = inner if type(inner) in SCALARS else to_plain(inner)
    return told


def from_plain(kind: type[T], plain: object) -> T:
    """The value of a declared type that `to_plain` (or JSON of a dataclass) tells of.

    Raises:
        InvalidRecord: it does not fit the declaration; names the place.
    """
    value: T = _read(kind, plain, "")
    return value


def _read(kind: Any, plain: Any, at: str) -> Any:  # noqa: ANN401 - a declaration and what stands for a value of it
    origin = get_origin(kind)
    if kind is Any:
        return plain
    if origin in (Union, UnionType):
        return _first_that_fits(get_args(kind), plain, at)
    if origin is Literal:
        return _checked(plain, plain in get_args(kind), at)
    if origin is not None and issubclass(origin, Mapping):
        return _read_mapping(get_args(kind), plain, at)
    if origin is not None and issubclass(origin, Collection):
        return _read_collection(origin, get_args(kind), plain, at)
    if is_dataclass(kind):
        return _read_fields(kind, plain, at)
    return _read_scalar(kind, plain, at)


def _read_scalar(kind: Any, plain: Any, at: str) -> Any:  # noqa: ANN401
    if kind in (NoneType, None):
        return _checked(plain, plain is None, at)
    if issubclass(kind, tuple):  # a named one
        hints = list(get_type_hints(kind).values())
        _checked(plain, isinstance(plain, list) and len(plain) == len(hints), at)
        return kind(*(_read(hint, inner, at) for hint, inner in zip(hints, plain, strict=True)))
    if issubclass(kind, Enum) or kind is datetime:
        make: Callable[[Any], Any] = datetime.fromisoformat if kind is datetime else kind
        try:
            return make(plain)
        except (TypeError, ValueError) as error:
            raise InvalidRecord(f"{at or 'the value'} is not of the declared form") from error
    if kind is float:
        return float(_checked(plain, isinstance(plain, int | float) and not isinstance(plain, bool), at))
    return _checked(plain, type(plain) is kind, at)


def _read_fields(kind: Any, plain: Any, at: str) -> Any:  # noqa: ANN401
    hints = _hints(kind)
    _checked(plain, isinstance(plain, dict) and plain.keys() <= hints.keys(), at)
    lacking = [one.name for one in fields(kind) if one.name not in plain and _default(one) is MISSING]
    if lacking:
        raise InvalidRecord(f"{at or kind.__name__} lacks {', '.join(lacking)}")
    return kind(**{name: _read(hints[name], inner, f"{at}.{name}".strip(".")) for name, inner in plain.items()})


def _read_mapping(kinds: Sequence[Any], plain: Any, at: str) -> Any:  # noqa: ANN401
    key_kind, value_kind = kinds
    if isinstance(plain, dict):
        plain = plain.items()
    elif not isinstance(plain, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in plain):
        raise InvalidRecord(f"{at or 'the value'} is not of the declared form")
    return {_read(key_kind, key, at): _read(value_kind, value, f"{at}.{key}") for key, value in plain}


def _read_collection(origin: Any, kinds: Sequence[Any], plain: Any, at: str) -> Any:  # noqa: ANN401
    _checked(plain, isinstance(plain, list), at)
    make = origin if origin in (tuple, frozenset, set, list) else tuple
    if origin is tuple and kinds[-1] is not Ellipsis:
        _checked(plain, len(plain) == len(kinds), at)
        return tuple(_read(kind, inner, at) for kind, inner in zip(kinds, plain, strict=True))
    return make(_read(kinds[0], inner, f"{at}.{index}") for index, inner in enumerate(plain))


def _first_that_fits(kinds: Sequence[Any], plain: Any, at: str) -> Any:  # noqa: ANN401
    if plain is None and NoneType in kinds:
        return None
    last = InvalidRecord(f"{at or 'the value'} is not of the declared form")
    for kind in kinds:
        try:
            return _read(kind, plain, at)
        except InvalidRecord as error:
            last = error
    raise last


def _checked(plain: Any, fits: bool, at: str) -> Any:  # noqa: ANN401
    if not fits:
        raise InvalidRecord(f"{at or 'the value'} is not of the declared form")
    return plain


@cache
def _hints(kind: Any) -> Mapping[str, Any]:  # noqa: ANN401
    return get_type_hints(kind)


@cache
def _declared(kind: Any) -> Sequence[tuple[str, object]]:  # noqa: ANN401
    """The fields of a dataclass with their defaults, MISSING where there is none."""
    return [(one.name, _default(one)) for one in fields(kind)]


def _default(field: "Field[Any]") -> object:
    """The field's default, MISSING when it has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()
