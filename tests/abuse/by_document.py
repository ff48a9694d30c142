"""Requests that schemathesis makes from our OpenAPI document, at the real handlers: such as it asks for, and others."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.abuse.api import Api, Reply
from tests.abuse.outreach import PERSON
from tests.abuse.quiet import quiet
from tests.abuse.verdict import faults_of
from tests.abuse.wsgi import Application
from tests.golden.world import KEYS
from vitrine.api.openapi import document
from vitrine.visitors.identity import mint

CHECKS: Final = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
VISITORS: Final = ("plain", "family", "nobody")
"""Two whom the table knows and one whom it does not: a random token never gets behind the door."""


def each_route(
    api: Api, n_examples: int, plain: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Counter[int], str]]:
    """Each route with how often it answered with which status, and what was wrong with which request, if anything."""
    replies: list[Reply] = []
    schema = schemathesis.openapi.from_dict(dict(document() if plain is None else plain))
    schema.app = Application(api, replies.append)
    for found in schema.get_all_operations():
        operation = found.ok()
        statuses: Counter[int] = Counter()
        fault = ""
        try:
            _holding(operation, api, replies, statuses, n_examples)()
        except (AssertionError, FailureGroup) as error:
            fault = f"{operation.label}: {error}"
        yield operation.label, statuses, fault


def _holding(
    operation: APIOperation[Any, Any, Any, Any],
    api: Api,
    replies: list[Reply],
    statuses: Counter[int],
    n_examples: int,
) -> Callable[[], None]:
    """A test of one route: requests as the document wants them, and others."""
    wanted = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    others = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @settings(max_examples=n_examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=wanted | others)
    def hold(case: Case) -> None:
        _let_in(case, api)
        replies.clear()
        with quiet():
            case.call_and_validate(checks=list(CHECKS))
        for reply in replies:
            assert not faults_of(reply), (faults_of(reply), case.as_curl_command())
            statuses[reply.status] += 1

    return hold


def _let_in(case: Case, api: Api) -> None:
    """Give every other request a token or an id that is good, so that what lies behind them is tried, too."""
    seed = len(repr(case.body)) + len(repr(case.path_parameters))
    if isinstance(case.body, dict):
        body = {}
        if isinstance(case.body.get("visitor"), str) and seed % 4:
            body["visitor"] = mint(VISITORS[seed % len(VISITORS)], KEYS)
        if isinstance(case.body.get("visitors"), list) and seed % 4:
            body["visitors"] = [mint(VISITORS[seed % len(VISITORS)], KEYS)]
        # A body may be one of the document's own examples: it is replaced, never changed.
        case.body = {**case.body, **body}
    parameters = case.path_parameters
    if isinstance(parameters, dict) and "decision" in parameters and seed % 2:
        parameters["decision"] = api.decisions[0]
    if isinstance(parameters, dict) and "token" in parameters and seed % 2:
        parameters["token"] = next(token for begin, token in api.tokens.items() if case.path.startswith(begin))
    if isinstance(parameters, dict) and "person" in parameters and seed % 2:
        parameters["person"] = PERSON
