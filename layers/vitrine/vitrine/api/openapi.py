"""The OpenAPI 3.1 document of the HTTP API, made from the models that parse requests and from typed answers.

`vitrine openapi` writes it; no function imports it. What API Gateway answers by itself is in it, too, because callers
cannot tell who answered: 429 above the throttle, 403 without a signature, the headers of CORS.
"""

import copy
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from vitrine.api.events import EventBody, EventsBody
from vitrine.api.openapi_answers import ErrorAnswer, GatewayAnswer
from vitrine.api.openapi_examples import ANSWERS, REQUESTS
from vitrine.api.openapi_responses import HEADERS, SCHEMAS, responses
from vitrine.api.openapi_routes import ROUTES, TAGS, Parameter, Route
from vitrine.api.openapi_texts import ABOUT, FIELDS
from vitrine.api.openapi_wire import model_of

Plain = dict[str, Any]

SIGNATURE: Final = "signature"
SERVERS: Final = (
    {"url": "http://127.0.0.1:8080", "description": "The local stack of `make demo`."},
    {
        "url": "https://{api}.execute-api.{region}.amazonaws.com",
        "description": "A deployed stack.",
        "variables": {"api": {"default": "a1b2c3d4e5"}, "region": {"default": "eu-central-1"}},
    },
)
SECURITY: Final = {
    SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 of an identity with execute-api:Invoke. The local stack takes"
        " `Bearer` and the token that `vitrine operator` prints.",
        "x-amazon-apigateway-authtype": "awsSigv4",
    }
}
CODE_POINT: Final = re.compile(r"\\x\{([0-9A-F]{4})\}")
"""A code point as Rust's regular expressions write it; JSON Schema asks for ECMA-262, which has `\\uFFFF`."""

CLASSES: Final = {
    r"\p{Cc}": r"\u0000-\u001F\u007F-\u009F",
    r"\p{C}": r"\u0000-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u202A-\u202E\u2060-\u206F\uE000-\uF8FF\uFEFF",
}
"""Classes of Unicode as ranges, for the engines that know no classes. The second one leaves out what is rare: tags,
private planes and letters that nobody has assigned, which are refused all the same."""


def document() -> Plain:
    """The document, as plain JSON values: equal ones every time, and the caller's to change."""
    shared = {
        "openapi": "3.1.0",
        "info": {"title": "Vitrine", "version": version("vitrine"), "description": ABOUT},
        "servers": list(SERVERS),
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": _paths(),
        "components": {"schemas": _schemas(), "headers": dict(HEADERS), "securitySchemes": SECURITY},
    }
    return copy.deepcopy(shared)


def _paths() -> Plain:
    found: Plain = {}
    for route in ROUTES:
        found.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return found


def _operation(route: Route) -> Plain:
    operation: Plain = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": route.text,
        "security": [{SIGNATURE: []}] if route.for_operators else [],
        "parameters": [_parameter(one) for one in route.parameters],
        "responses": responses(route, ANSWERS.get(route.name)),
    }
    if route.body is not None:
        schema = {"$ref": SCHEMAS.format(model=route.body.__name__)}
        operation["requestBody"] = {
            "required": True,
            "description": "Strict JSON in UTF-8, at most 16 KB. The content type is not looked at.",
            "content": {"application/json": {"schema": schema, "examples": REQUESTS[route.name]}},
        }
    return operation


def _parameter(parameter: Parameter) -> Plain:
    schema = dict(parameter.schema)
    return {"name": parameter.name, "in": "path", "required": True, "description": parameter.text, "schema": schema}


def _schemas() -> Plain:
    """Every model by its name, with what its fields are for."""
    wanted: list[type[BaseModel]] = [ErrorAnswer, GatewayAnswer, model_of(EventBody)]
    wanted += [model_of(route.body) for route in ROUTES if route.body is not None]
    wanted += [route.answer for route in ROUTES if route.answer is not None]
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in wanted]
    _, found = models_json_schema(models, ref_template=SCHEMAS, schema_generator=_Untitled)
    schemas: Plain = _in_ecma(found["$defs"])
    for name, texts in FIELDS.items():
        for field, text in texts.items():
            schemas[name]["properties"][field]["description"] = text
    # Events are parsed one by one, so that a bad one does not take the good ones with it.
    schemas[EventsBody.__name__]["properties"]["events"]["items"] = {"$ref": SCHEMAS.format(model=EventBody.__name__)}
    return dict(sorted(schemas.items()))


class _Untitled(GenerateJsonSchema):
    """Pydantic's schemas without the titles of fields, which only say their names again."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def _in_ecma(plain: Any) -> Any:  # noqa: ANN401 - any JSON
    """The schemas with their patterns in the dialect of JSON Schema."""
    if isinstance(plain, list):
        return [_in_ecma(value) for value in plain]
    if not isinstance(plain, Mapping):
        return plain
    found = {key: _in_ecma(value) for key, value in plain.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = _pattern(found["pattern"])
    if "patternProperties" in found:
        found["patternProperties"] = {_pattern(key): value for key, value in found["patternProperties"].items()}
    return found


def _pattern(rust: str) -> str:
    for name, ranges in CLASSES.items():
        rust = rust.replace(name, ranges)
    return CODE_POINT.sub(r"\\u\1", rust)
