"""What the fields of the store's models are for, from the texts that stand below them in the source.

Pydantic can read them itself, but does it for every class when it is made: 40 ms of each `vitrine` command, for nobody.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

from vitrine.api.store_files import StrictFile


def describe(schema: dict[str, Any], model: type[StrictFile]) -> dict[str, Any]:
    """The schema of a model with a description of every field that has a text below it, in all models it refers to."""
    parts = {name: describe_own(part, _models()[name]) for name, part in schema.get("$defs", {}).items()}
    return describe_own(schema, model) | ({"$defs": parts} if parts else {})


def describe_own(schema: dict[str, Any], model: type[StrictFile]) -> dict[str, Any]:
    """The same for the fields of one model."""
    texts = {model.model_fields[name].alias or name: text for name, text in _texts(model).items()}
    fields = {
        name: field | ({"description": texts[name]} if name in texts else {})
        for name, field in schema.get("properties", {}).items()
    }
    return schema | ({"properties": fields} if fields else {})


@cache
def _models() -> dict[str, type[StrictFile]]:
    return {model.__name__: model for model in _below(StrictFile)}


def _below(model: type[StrictFile]) -> Iterator[type[StrictFile]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def _texts(model: type[StrictFile]) -> dict[str, str]:
    """Text by field, of the model and of those it is derived from."""
    found: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, StrictFile):
            found |= dict(_texts_in(part))
    return found


def _texts_in(model: type[StrictFile]) -> Iterator[tuple[str, str]]:
    (definition,) = ast.parse(dedent(inspect.getsource(model))).body
    for field, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
