"""Pydantic's models of the parts of requests, for the OpenAPI document alone: nothing is parsed by them."""

from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model

from vitrine.api.wire import NO_DEFAULT, Bounds, Letters, Wire, form_of

CLOSED: Final = ConfigDict(extra="forbid")

_MODELS: Final[dict[type[Wire], type[BaseModel]]] = {}


def model_of(part: type[Wire]) -> type[BaseModel]:
    """The model of a part, with its name, docstring, fields, bounds and defaults; the same one every time."""
    if part not in _MODELS:
        _MODELS[part] = _model(part)
    return _MODELS[part]


def _model(part: type[Wire]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, field in form_of(part).items():
        default = field.default
        if isinstance(default, Wire):
            default = model_of(type(default))()
        fields[name] = (_told(field.hint), ... if default is NO_DEFAULT else default)
    return create_model(part.__name__, __config__=CLOSED, __doc__=part.__doc__, **fields)


def _told(hint: Any) -> Any:  # noqa: ANN401 - any annotation
    """The annotation in pydantic's words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        counts = get_origin(arguments[0]) is not None
        return Annotated[_told(arguments[0]), *(Field(**_words(rule, counts)) for rule in arguments[1:])]
    if origin in (UnionType, Union):
        return Union[*(_told(one) for one in arguments)]
    if origin in (tuple, list):
        return GenericAlias(list, (_told(arguments[0]),))
    if origin is dict:
        return GenericAlias(dict, tuple(map(_told, arguments)))
    is_part = origin is not Literal and hint is not NoneType and isinstance(hint, type) and issubclass(hint, Wire)
    return model_of(hint) if is_part else hint


def _words(rule: Bounds | Letters, counts: bool) -> dict[str, Any]:
    """A rule as arguments of Field; JSON Schema has no word for bytes."""
    words: dict[str, Any]
    if isinstance(rule, Letters):
        words = {"min_length": rule.least or None, "max_length": rule.most, "pattern": rule.pattern}
    elif counts:
        words = {"min_length": rule.least or None, "max_length": rule.most}
    else:
        words = {"ge": rule.least, "le": rule.most}
    return {word: value for word, value in words.items() if value is not None}
