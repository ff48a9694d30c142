"""The HTTP API on loopback: routes to functions as API Gateway does, plus a local door to invoke one directly."""

import asyncio
import json
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web
from multidict import CIMultiDict

from vitrine.local.children import Log
from vitrine.local.clockwork import schedule_event
from vitrine.local.declared import Cors, Function, Route, Schedule
from vitrine.local.http_payload import (
    INTERNAL_ERROR,
    HttpAnswer,
    HttpRequest,
    MalformedResult,
    build_event,
    joined,
    read_answer,
)
from vitrine.local.operator import is_operator
from vitrine.local.routing import add_cors, answer_preflight, match_route
from vitrine.local.sandbox import Invoke, Outcome
from vitrine.local.site_guard import is_loopback
from vitrine.local.sites import Site

INTEGRATION_TIMEOUT_S: Final = 30.0
LARGEST_BODY: Final = 10 * 1024 * 1024
LARGEST_EVENT: Final = 6 * 1024 * 1024
"""Lambda's limit for a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.

It counts the event as JSON, hence a body of any binary type by its base64. The answer's words are those that API
Gateway was seen to give, https://github.com/koki-develop/lgtm-generator/issues/10; its documentation has none.
"""
DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


class Gateway:
    """Serves the template's routes; everything that decides is in `routing` and `http_payload`.

    Routes with an authorizer are open to who sends the operators' token, and to nobody when there is none. `sites`
    are pages beside the API; what is below a site's paths never reaches the API's routes.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        cors: Cors | None,
        invoke: Invoke,
        log: Log,
        integration_timeout_s: float = INTEGRATION_TIMEOUT_S,
        operator_token: str = "",
        sites: Sequence[Site] = (),
    ) -> None:
        self._routes: list[Route] = [route for function in functions for route in function.routes]
        self._schedules: Mapping[str, Sequence[Schedule]] = {one.id: one.schedules for one in functions}
        self._cors = cors
        self._invoke = invoke
        self._log = log
        self._integration_timeout_s = integration_timeout_s
        self._operator_token = operator_token
        self._running: set[asyncio.Task[Outcome]] = set()
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_post("/_local/invoke/{function}", self.invoke_locally)
        for mount in sites:
            mount(application)
        application.router.add_route("*", "/{path:.*}", self.handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)

    async def start(self, listener: socket.socket) -> None:
        """Serve on a listening socket."""
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Close the port and give up what is under way."""
        await self._runner.cleanup()
        for task in self._running:
            task.cancel()

    async def handle(self, request: web.Request) -> web.Response:
        """Any request to the API."""
        started = time.perf_counter()
        headers = joined(request.headers.items())
        request_id = str(uuid.uuid4())
        if self._cors and request.method == "OPTIONS" and "access-control-request-method" in headers:
            answer = answer_preflight(self._cors, headers)
        else:
            answer = await self.answer(request, request_id)
            if self._cors:
                answer = add_cors(self._cors, headers.get("origin", ""), answer)
        elapsed_ms = (time.perf_counter() - started) * 1000
        self._log("http", f"{request.method} {request.path} {answer.status} {elapsed_ms:.0f} ms")
        return to_response(HttpAnswer(answer.status, [*answer.headers, ("apigw-requestid", request_id)], answer.body))

    async def answer(self, request: web.Request, request_id: str) -> HttpAnswer:
        """What the API answers, before CORS."""
        matched = match_route(self._routes, request.method, request.path)
        if matched is None:
            return HttpAnswer.message(404, "Not Found")
        route, parameters = matched
        if route.for_operators and not is_operator(request.headers.get("authorization", ""), self._operator_token):
            return HttpAnswer.message(403, "Forbidden")
        try:
            incoming = await read_request(request)
        except web.HTTPRequestEntityTooLarge:
            return HttpAnswer.message(413, "Request Entity Too Large")
        event = encode_event(build_event(incoming, route, parameters, request_id, datetime.now(UTC)))
        if len(event) > LARGEST_EVENT:
            return HttpAnswer.message(413, "Request Too Long")
        outcome = await self.run(route.function, event, self._integration_timeout_s)
        if outcome is None:
            return HttpAnswer.message(503, "Service Unavailable")
        if outcome.failed:
            return INTERNAL_ERROR
        try:
            return read_answer(outcome.payload)
        except MalformedResult as error:
            self._log(route.function, f"the gateway cannot use this result: {error}")
            return INTERNAL_ERROR

    async def run(self, function: str, event: bytes, timeout_s: float | None) -> Outcome | None:
        """The outcome, or None when the caller does not wait that long; the function runs on, as on AWS."""
        task = asyncio.ensure_future(self._invoke(function, event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait([task], timeout=timeout_s)
        return task.result() if task.done() else None

    async def invoke_locally(self, request: web.Request) -> web.Response:
        """POST /_local/invoke/<function>: run it with the body as event, or without a body as its schedule would.

        Web pages are refused: a page of any site could otherwise post here through the visitor's browser.
        """
        if not is_loopback(request.host) or "origin" in request.headers or "sec-fetch-site" in request.headers:
            return to_response(HttpAnswer.message(403, "Only for tools on this machine"))
        function = request.match_info["function"]
        if function not in self._schedules:
            return to_response(
                HttpAnswer.message(404, f"No function {function}; there are {', '.join(self._schedules)}")
            )
        event = await request.read() or self.default_event(function)
        outcome = await self.run(function, event, None)
        assert outcome is not None  # noqa: S101 - it was waited for without a limit
        error = [("x-amz-function-error", "Unhandled")] if outcome.failed else []
        return to_response(HttpAnswer(200, [("content-type", "application/json"), *error], outcome.payload))

    def default_event(self, function: str) -> bytes:
        """The event of the function's first schedule, or an empty one."""
        schedules = self._schedules[function]
        return schedule_event(schedules[0], datetime.now(UTC)) if schedules else b"{}"


async def read_request(request: web.Request) -> HttpRequest:
    """The request with its body, and with the headers that API Gateway adds."""
    source_ip = request.remote or ""
    forwarded = [
        ("x-forwarded-for", source_ip),
        ("x-forwarded-port", port_of(request.host, request.scheme)),
        ("x-forwarded-proto", request.scheme),
    ]
    return HttpRequest(
        method=request.method,
        path=request.path,
        query=request.raw_path.partition("?")[2],
        headers=[*request.headers.items(), *forwarded],
        body=await request.read(),
        source_ip=source_ip,
        protocol=f"HTTP/{request.version.major}.{request.version.minor}",
    )


def encode_event(event: Mapping[str, Any]) -> bytes:
    """The event as JSON without needless escapes, which would count; header bytes that are no text become `?`."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def port_of(host: str, scheme: str) -> str:
    """The port that a Host header names, or the scheme's own when it names none."""
    port = host.rpartition(":")[2] if ":" in host else ""
    return port if port.isascii() and port.isdigit() else DEFAULT_PORTS.get(scheme, "")


def to_response(answer: HttpAnswer) -> web.Response:
    """The answer in aiohttp's terms; it counts the length itself."""
    headers = CIMultiDict(pair for pair in answer.headers if pair[0] not in {"content-length", "transfer-encoding"})
    return web.Response(status=answer.status, headers=headers, body=answer.body)
