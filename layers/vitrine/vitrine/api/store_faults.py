"""Faults of a store folder: where each is, what is wrong and how to mend it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

Place: TypeAlias = tuple[str | int, ...]
"""A path into a file: keys and indices."""
Refuse: TypeAlias = Callable[[Place, str, str], None]
"""Takes note of a fault (place, what is wrong, how to mend it). Checking collects them, loading stops at the first."""

_MAX_NAMED: Final = 12
_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong. `line` counts from 1; `place` is a dotted path into the file, '' for the whole."""

    file: str
    line: int
    place: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.place}: " if self.place else ""
        return f"{self.file}:{self.line}: {place}{self.message}"


def suggest(name: str, known: Iterable[str], what: str) -> str:
    """What the writer may have meant, else what there is."""
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return f"there are no {what} yet"
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return f"{what}: {', '.join(names[:_MAX_NAMED])}{more}"


def invalid_parts(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Place, str, str]]:
    """Place, message and hint of everything that does not fit a model."""
    for fault in error.errors(include_url=False):
        place: Place = tuple(step for step in fault["loc"] if step != "[key]")
        kind, context = fault["type"], fault.get("ctx", {})
        match kind:
            case "extra_forbidden":
                fields = _fields_at(model, place[:-1])
                yield place, f"there is no field {place[-1]!r} here", suggest(str(place[-1]), fields, "fields")
            case "missing":
                yield place[:-1], f"lacks {place[-1]!r}", f"add {place[-1]!r}"
            case "value_error":
                yield place, *_split(str(context["error"]))
            case "literal_error":
                yield place, f"is {fault['input']!r}", f"use {context['expected']}"
            case "string_pattern_mismatch":
                yield place, f"{fault['input']!r} is not of the right form", f"it has to match {context['pattern']}"
            case "string_type" if isinstance(fault["input"], int | float):
                yield place, f"is {fault['input']!r}, not a text", "put it in quotes"
            case _:
                yield place, fault["msg"].replace("Input should", "should"), f"change {_shown(fault['input'])}"


def _shown(plain: Any) -> str:  # noqa: ANN401 - any YAML
    """What stands in the file, cut short."""
    shown = repr(plain)
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[: _MAX_SHOWN - 3]}..."


def _split(message: str) -> tuple[str, str]:
    """A validator of ours writes its remedy after a semicolon."""
    said, _, hint = message.partition("; ")
    return said, hint


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """Names of the fields of the model at a place below `model`, as files spell them."""
    found: list[Any] = [model]
    for step in place:
        found = [below for kind in found for below in _below(kind, step)]
    return [field.alias or name for kind in found if _is_model(kind) for name, field in kind.model_fields.items()]


def _below(kind: Any, step: str | int) -> list[Any]:  # noqa: ANN401 - any annotation
    if _is_model(kind):
        fields: Mapping[str, Any] = kind.model_fields
        return [arm for name, f in fields.items() if step in (name, f.alias) for arm in _arms(f.annotation)]
    if get_origin(kind) in (list, dict):
        return _arms(get_args(kind)[-1])
    return []


def _arms(kind: Any) -> list[Any]:  # noqa: ANN401 - any annotation
    if get_origin(kind) is Annotated:
        return _arms(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [arm for part in get_args(kind) for arm in _arms(part)]
    return [kind]


def _is_model(kind: Any) -> bool:  # noqa: ANN401 - any annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)
