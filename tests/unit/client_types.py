"""Types of the API as the clients in `storefront/clients` declare them and as openapi.json has them, in one notation.

A type is the set of what it may be: `string`, `'home'`, `null`, the name of a class, `[string]` for a list of strings,
`{string}` for an object with any names. A class is its fields, each with whether it is required.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints, is_typeddict

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = ROOT / "storefront" / "clients"
ROUTES: Final = ("/v1/decide", "/v1/events")
OTHERS: Final = {"ErrorAnswer", "GatewayAnswer"}
"""What wraps a fault, and the gateway's own answers: no client declares them."""

NAMES: Final = {
    "DecideBody": "DecideRequest",
    "EventsBody": "EventsRequest",
    "DecideAnswer": "Decision",
    "EventsAnswer": "EventsAnswer",
    "ItemReason": "Reason",
    "RejectedEvent": "Rejection",
}
"""Clients call their classes as the schemas are called without Body and Answer, but for these."""

PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null", Any: "any"}

Kind: TypeAlias = frozenset[str]


class Field(NamedTuple):
    """A field of a class."""

    kind: Kind
    is_required: bool


Class: TypeAlias = Mapping[str, Field]


def load_package() -> ModuleType:
    """The Python client, as a shop would import it."""
    if "vitrine_client" not in sys.modules:
        folder = CLIENTS / "python" / "vitrine_client"
        spec = importlib.util.spec_from_file_location(
            "vitrine_client", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        sys.modules["vitrine_client"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["vitrine_client"]


# ---- openapi.json


def document() -> Any:
    """The OpenAPI document."""
    return json.loads((ROOT / "openapi.json").read_text("utf-8"))


def named(schema: str) -> str:
    """What clients call a schema."""
    return NAMES.get(schema, schema.removesuffix("Body").removesuffix("Answer"))


def schema_classes() -> dict[str, Class]:
    """The classes that the clients' routes take and give."""
    components = document()["components"]["schemas"]
    found: dict[str, Class] = {}
    waiting = [name for route in ROUTES for name in references(document()["paths"][route])]
    while waiting:
        name = waiting.pop()
        if named(name) in found:
            continue
        schema = components[name]
        waiting.extend(references(schema))
        required = schema.get("required", [])
        found[named(name)] = {
            field: Field(schema_kind(of), field in required) for field, of in schema["properties"].items()
        }
    return {name: fields for name, fields in found.items() if name not in {named(one) for one in OTHERS}}


def references(schema: Any) -> Iterator[str]:
    """Names of the schemas that something refers to."""
    if isinstance(schema, dict):
        target = schema.get("$ref", "")
        if target.startswith("#/components/schemas/"):
            yield target.rpartition("/")[2]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)


def schema_kind(schema: Mapping[str, Any]) -> Kind:
    """What a schema allows."""
    if "anyOf" in schema:
        return frozenset().union(*(schema_kind(one) for one in schema["anyOf"]))
    if "$ref" in schema:
        return frozenset({named(schema["$ref"].rpartition("/")[2])})
    if "enum" in schema:
        return frozenset(f"'{one}'" for one in schema["enum"])
    if schema.get("type") == "array":
        return many("[{}]", schema_kind(schema["items"]))
    if schema.get("type") == "object":
        inner = [*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")]
        return many("{{{}}}", schema_kind(next(one for one in inner if one)))
    return frozenset({schema.get("type", "any")})


def many(form: str, inner: Kind) -> Kind:
    """A list or an object of something."""
    return frozenset({form.format(" | ".join(sorted(inner)))})


# ---- Python


def python_classes() -> dict[str, Class]:
    """The TypedDicts of the Python client."""
    types = vars(importlib.import_module(f"{load_package().__name__}.types"))
    return {name: typed_dict(one) for name, one in types.items() if is_typeddict(one)}


def typed_dict(one: Any) -> Class:
    """The fields of a TypedDict."""
    hints = get_type_hints(one)
    return {field: Field(python_kind(hint), field in one.__required_keys__) for field, hint in hints.items()}


def python_kind(hint: Any) -> Kind:
    """What a type hint allows."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return frozenset().union(*(python_kind(one) for one in arguments))
    if origin is Literal:
        return frozenset(f"'{one}'" for one in arguments)
    if origin is list:
        return many("[{}]", python_kind(arguments[0]))
    if origin is dict:
        return many("{{{}}}", python_kind(arguments[1]))
    return frozenset({PLAIN.get(hint) or hint.__name__})


# ---- TypeScript

COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
INTERFACE: Final = re.compile(r"^export interface (\w+) \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
ALIAS: Final = re.compile(r"^export type (\w+) =(.*?);", re.DOTALL | re.MULTILINE)
FIELD: Final = re.compile(r"^  (\w+)(\??): (.*);$", re.MULTILINE)


def typescript_classes(path: Path) -> dict[str, Class]:
    """The interfaces of a .d.ts that is written as ours are."""
    text = COMMENT.sub("", path.read_text("utf-8"))
    aliases = dict(ALIAS.findall(text))
    return {
        name: {field: Field(typescript_kind(of, aliases), not optional) for field, optional, of in FIELD.findall(body)}
        for name, body in INTERFACE.findall(text)
    }


def typescript_kind(text: str, aliases: Mapping[str, str]) -> Kind:
    """What a type's text allows."""
    found: set[str] = set()
    for one in (part.strip() for part in text.split("|") if part.strip()):
        if one in aliases:
            found |= typescript_kind(aliases[one], aliases)
        elif one.endswith("[]"):
            found |= many("[{}]", typescript_kind(one.removesuffix("[]"), aliases))
        elif one.startswith("Record<string, "):
            found |= many("{{{}}}", typescript_kind(one[len("Record<string, ") : -1], aliases))
        else:
            found.add(one.replace('"', "'"))
    return frozenset(found)


def of_numbers(classes: Mapping[str, Class]) -> dict[str, Class]:
    """The same classes in a language that has one kind of number."""
    return {
        name: {field: one._replace(kind=frozenset(map(with_numbers, one.kind))) for field, one in fields.items()}
        for name, fields in classes.items()
    }


def with_numbers(atom: str) -> str:
    """One kind of a type, `integer` as `number`."""
    return re.sub(r"(?<!')\binteger\b(?!')", "number", atom)
