"""The corpus on the real handlers: no 5xx, no uncaught exception, strict JSON of the declared schema, caps first.

`make test` fires all bodies and a share of the rest; `python -m tests.abuse` fires everything and tells the times.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.abuse.api import Api, Reply, memory_api
from tests.abuse.barrage import Tally, fire, sample, too_slow
from tests.abuse.corpus import Shot, corpus, good_event
from tests.abuse.verdict import faults_of
from vitrine.api import http, strict_json

EVERY = 23


@pytest.fixture(scope="module")
def api() -> Api:
    """All public routes."""
    return memory_api()


def faults(tallies: dict[str, Tally]) -> list[str]:
    """Of all kinds."""
    return [f"{kind}: {fault}" for kind, tally in tallies.items() for fault in tally.faults]


def test_good_requests_pass(api: Api) -> None:
    """The control: what the corpus spoils is answered with 200, or with the way to a good."""
    for route in api.routes:
        reply = api.invoke(route, good_event(route, api))
        status = 302 if route.path.startswith(("/v1/go/", "/v1/open/")) else 200
        assert (reply.status, faults_of(reply)) == (status, []), (route.key, reply.body[:200])


def test_nothing_breaks_the_handlers(api: Api) -> None:
    """Bombs in bodies, fields, parameters, headers, queries and events, on every route."""
    tallies = fire(api, sample(list(corpus(api)), EVERY))
    assert faults(tallies) == []
    assert tallies["too large"].refused == tallies["too large"].n > 80
    assert sum(tally.n for tally in tallies.values()) > 1_000


def test_answers_are_checked(api: Api) -> None:
    """Negative control: a 5xx, NaN, a repeated key, a lone surrogate, another schema and an exception are all found."""
    route = api.routes[0]
    good = api.invoke(route, good_event(route, api))
    for body, told in (
        (b'{"error":NaN}', "not strict JSON"),
        (b'{"a":1,"a":2}', "not strict JSON"),
        (b'{"a":"\\ud800"}', "not strict JSON"),
        (b'{"a":"\xff"}', "not strict JSON"),
        (b'{"decision":"d"}', "not of its schema"),
        (good.body.replace(b'"fallback":', b'"fallbacks":'), "not of its schema"),
    ):
        assert any(told in fault for fault in faults_of(replace(good, body=body))), body
    assert faults_of(replace(good, status=500))[0] == "status 500"
    assert faults_of(replace(good, status=418))
    assert faults_of(Reply(route.key, 500, {}, b"", 0.0, "KeyError('a')"))


def test_a_handler_without_the_size_cap_is_found(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the caps removed, bodies above them are parsed, and some are even taken."""
    monkeypatch.setattr(http, "check_size", lambda n_bytes: None)
    monkeypatch.setattr(strict_json, "check_size", lambda n_bytes: None)
    tally = fire(api, [shot for shot in corpus(api) if shot.kind == "too large"][::9])["too large"]
    assert tally.refused == 0
    assert all("instead of 413" in fault for fault in tally.faults if "status" in fault)


@pytest.mark.parametrize(
    ("sabotage", "told"),
    [
        (lambda event, context: event["nothing"], "the function died"),
        (lambda event, context: {"statusCode": 200, "body": {"a": 1}}, "the function died"),
        (lambda event, context: {"statusCode": 200, "body": '{"a":NaN}'}, "not strict JSON"),
        (lambda event, context: {"statusCode": 503, "body": "{}"}, "status 503"),
    ],
)
def test_a_handler_that_breaks_is_found(api: Api, sabotage: Callable[[Any, LambdaContext], Any], told: str) -> None:
    """Negative control: the same shots at a handler that dies, or answers what nobody can read."""
    broken = replace(api, handlers=dict.fromkeys(api.handlers, sabotage))
    tallies = fire(broken, [shot for shot in corpus(broken) if shot.kind == "body"][:3])
    assert len(faults(tallies)) >= 3
    assert all(told in fault for fault in faults(tallies)[:1])


def test_slow_answers_are_told(api: Api) -> None:
    """Negative control: an answer above its limit is asked for again, and told when it stays so."""
    times = iter((0.2, 0.06, 0.3, 0.07, 0.2, 0.004, 0.2, 0.2))

    def slow(api: Api) -> Reply:
        return Reply("POST /v1/decide", 404, {}, b'{"message":"Not Found"}', next(times))

    tallies = fire(api, [Shot("body", "always", slow), Shot("query", "once", slow)])
    assert (tallies["body"].slowest_ms, tallies["query"].slowest_ms) == (60.0, 4.0)
    assert too_slow(tallies) == ["body: always took 60.0 ms of CPU"]
