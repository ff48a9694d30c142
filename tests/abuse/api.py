"""The whole HTTP API in one process: every route of template.yaml, the gateway's payloads, the real handlers on memory.

A request becomes an event and a result an answer exactly as the local gateway does it, JSON in between included. What
a function would die of (an exception, a result that is no JSON) is told apart from what it answers.
"""

import gzip
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.abuse import outreach
from tests.functional.handlers import load_handler
from tests.functional.test_operate import Rig as OperateRig
from tests.golden.example_world import QUIET, example_world
from tests.golden.world import KEYS
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.local.declared import Route, read_routes
from vitrine.local.http_payload import HttpAnswer, HttpRequest, MalformedResult, build_event, read_answer
from vitrine.local.routing import match_route
from vitrine.local.template import Template
from vitrine.service.collect import CollectService
from vitrine.visitors.identity import TokenKeys
from vitrine.wiring.operate import Operations

TEMPLATE: Final = Path("template.yaml")
VISITOR: Final = "00112233445566778899aabbccddeeff"
Handler = Callable[[Any, LambdaContext], Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a request. `died` is what the function raised, None when it answered; `cpu_s` is the handler's."""

    route: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    cpu_s: float
    died: str | None = None


@dataclass
class Api:
    """Routes and their handlers by logical id. `decisions` are ids of decisions that are on record, `tokens` those of
    links in messages by the beginning of their path."""

    routes: Sequence[Route]
    handlers: dict[str, Handler]
    decisions: Sequence[str] = ()
    tokens: Mapping[str, str] = field(default_factory=dict)
    now: datetime = QUIET
    forget: Callable[[], None] = field(default=lambda: None)

    def good_path(self, route: Route) -> str:
        """A path of the route that leads to something."""
        token = next((token for begin, token in self.tokens.items() if route.path.startswith(begin)), "")
        known = {
            "decision": self.decisions[0],
            "proxy+": "grocery/milk.svg",
            "person": "p1",
            "place": "0",
            "token": token,
        }
        return route.path.format_map(known)

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (("content-type", "application/json"),),
        query: str = "",
    ) -> Reply:
        """The answer to an HTTP request, the gateway's own refusals included."""
        matched = match_route(self.routes, method, path)
        if matched is None:
            answer = HttpAnswer.message(404, "Not Found")
            return Reply(f"{method} {path}", answer.status, dict(answer.headers), answer.body, 0.0)
        route, parameters = matched
        request = HttpRequest(method, path, query, headers, body, "203.0.113.7")
        return self.invoke(route, build_event(request, route, parameters, "r-1", self.now))

    def invoke(self, route: Route, event: object) -> Reply:
        """The answer to an event, which may be anything."""
        cpu = time.process_time()
        try:
            result = self.handlers[route.function](event, LambdaContext())
            spent = time.process_time() - cpu
            answer = read_answer(json.dumps(result).encode())
        except MalformedResult as error:
            return Reply(route.key, 500, {}, b"", spent, f"the gateway cannot use its result: {error}")
        except Exception as error:  # noqa: BLE001 - whatever a function dies of is a finding
            return Reply(route.key, 500, {}, b"", time.process_time() - cpu, repr(error)[:300])
        self.forget()
        return Reply(route.key, answer.status, *unpacked(dict(answer.headers), answer.body), spent)


def unpacked(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """An answer as every HTTP client gives it to its caller: no longer as gzip."""
    if headers.get("content-encoding") != "gzip":
        return headers, body
    kept = {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}
    return kept, gzip.decompress(body)


def memory_api(keys: TokenKeys = KEYS) -> Api:
    """All public routes on memory: the example store, an empty collector, a lake with one recorded decision.

    `keys` are those of the visitors' tokens.
    """
    world, operators = example_world(QUIET, {"temperature_c": 30.0}), OperateRig()
    world.keys = keys
    operations, recorded = operators.app.service(), operators.decided()
    table, stream = MemoryTable(), MemoryStream()
    collect = CollectService(table, stream, lambda _: keys, lambda: VISITOR, lambda: QUIET, lambda _: None)

    def forget() -> None:
        """Streams only grow, which is none of the handlers' faults."""
        stream.records.clear()
        world.records.records.clear()

    operate = Operations(world.service, operations.replay)
    services = {"decide": world.service, "collect": collect, "operate": operate, **outreach.services(keys)}
    routes, folders = public_routes()
    handlers = {function: wired(folder, services.get(folder)).handler for function, folder in folders.items()}
    return Api(routes, handlers, [recorded.decision.id], outreach.tokens(keys), forget=forget)


def public_routes() -> tuple[list[Route], dict[str, str]]:
    """Every route of the template, and the folder of each function that has one."""
    functions = Template.read(TEMPLATE, {}).of_type("AWS::Serverless::Function")
    routes = [route for name, own in functions.items() for route in read_routes(name, own.get("Events", {}).items())]
    folders = {name: Path(functions[name]["CodeUri"]).name for name in dict.fromkeys(one.function for one in routes)}
    return routes, folders


def wired(folder: str, service: object) -> ModuleType:
    """A function's module of our own, which no other test rewires."""
    module: ModuleType = load_handler.__wrapped__(folder)
    if service is not None:
        module.service = lambda: service  # type: ignore[attr-defined]
    return module
