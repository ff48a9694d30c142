"""Some dozens of requests per route from the document; `python -m tests.abuse` makes 2,000."""

import copy
from typing import Any

import pytest

from tests.abuse.api import Api, memory_api
from tests.abuse.by_document import each_route
from vitrine.api.openapi import document

EXAMPLES = 20


@pytest.fixture(scope="module")
def api() -> Api:
    """All public routes."""
    return memory_api()


def test_the_handlers_keep_what_the_document_says(api: Api) -> None:
    """No 5xx, no undeclared status, header, type or schema, strict JSON, whether the request is as declared or not."""
    told = list(each_route(api, EXAMPLES))
    assert {route for route, _, _ in told} == {route.key for route in api.routes}
    assert [fault for _, _, fault in told if fault] == []
    assert [route for route, statuses, _ in told if not statuses[200] + statuses[302]] == []


def test_a_document_that_promises_too_much_is_found(api: Api) -> None:
    """Negative control: an answer without a declared field, and a refusal that is not declared."""
    promising, silent = only("/v1/events"), only("/v1/decide")
    promising["components"]["schemas"]["EventsAnswer"]["required"].append("tomorrow")
    del silent["paths"]["/v1/decide"]["post"]["responses"]["400"]
    for plain in (promising, silent):
        ((_, _, fault),) = each_route(api, EXAMPLES, plain)
        assert fault


def only(path: str) -> dict[str, Any]:
    """A copy of the document with one path."""
    plain: dict[str, Any] = copy.deepcopy(document())
    return {**plain, "paths": {path: plain["paths"][path]}}
