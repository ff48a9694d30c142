"""What every answer of the API has to be: no 5xx, strict JSON, of the schema that the document declares for it."""

import json
from functools import cache
from typing import Any, Final, NoReturn

import jsonschema_rs

from tests.abuse.api import Reply
from vitrine.api.openapi import document

TEXTS: Final = ("image/svg+xml", "image/gif", "text/html")
NO_ROUTE: Final = (
    {"message": "Not Found"},
    {"error": {"code": "not_found", "message": "there is nothing at this address", "field": ""}},
)
"""What API Gateway and our functions answer to what is no route of theirs; callers only ever see the first."""


def faults_of(reply: Reply, *, may_be_500: bool = False) -> list[str]:
    """What is wrong with an answer; nothing for a good one. `may_be_500`: what was asked was no request at all."""
    if reply.died is not None:
        return [f"the function died: {reply.died}"]
    found = [f"status {reply.status}"] if reply.status >= 500 + may_be_500 else []
    try:
        plain = _strict(reply)
    except ValueError as error:
        return [*found, f"not strict JSON: {error}"]
    if reply.status == 404 and plain in NO_ROUTE:
        return []
    validators = _validators().get(reply.route)
    if validators is None:
        return [*found, f"no such route in the document: {reply.route}"]
    if reply.status not in validators:
        return [*found, f"the document knows no {reply.status} of {reply.route}"]
    error = next(validators[reply.status].iter_errors(plain), None)
    return found if error is None else [*found, f"not of its schema at {error.instance_path}: {error.message[:200]}"]


def _strict(reply: Reply) -> Any:
    """The body: JSON of RFC 8259 without repeated keys and lone surrogates; pictures and pages are texts.

    Raises:
        ValueError: it is none.
    """
    content_type = reply.headers.get("content-type", "")
    text = reply.body.decode("latin-1" if content_type == "image/gif" else "utf-8")
    if content_type.partition(";")[0] in TEXTS:
        return text
    plain = json.loads(text, parse_constant=_refuse, object_pairs_hook=_distinct)
    json.dumps(plain, ensure_ascii=False).encode()  # an escaped lone surrogate has no UTF-8
    return plain


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


@cache
def _validators() -> dict[str, dict[int, Any]]:
    """Per route and status, what the document says of the body."""
    plain = document()
    return {
        f"{method.upper()} {path}": {
            int(status): jsonschema_rs.Draft202012Validator(_schema_of(response, plain))
            for status, response in operation["responses"].items()
        }
        for path, operations in plain["paths"].items()
        for method, operation in operations.items()
    }


def _schema_of(response: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    """The schema of a response's only content, with all the components that it may refer to."""
    (content,) = response["content"].values()
    return {**content["schema"], "components": plain["components"]}
