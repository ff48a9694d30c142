"""The API as the studio asks it: over HTTP on loopback, as a page would, and with the operators' token where needed."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson
from aiohttp import web

TIMEOUT_S: Final = 35.0  # the gateway itself answers after 30 s
OPERATE: Final = "/v1/explain"
PASSED: Final = ("Content-Type", "Server-Timing", "Retry-After")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered; `headers` are those worth passing on."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    took_ms: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever it holds
        """The body as JSON, None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def response(self) -> web.Response:
        """The same answer, for a page."""
        return web.Response(status=self.status, body=self.body, headers=dict(self.headers))


class Upstream:
    """Asks the API that serves the studio itself. `operator_token` may block: it is asked for once, in a thread."""

    def __init__(self, operator_token: Callable[[], str]) -> None:
        self._operator_token = operator_token
        self._client: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def running(self, _: web.Application) -> AsyncIterator[None]:
        """Keeps connections open for as long as the application runs."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as self._client:
            yield

    async def post(self, request: web.Request, path: str, body: bytes) -> Reply:
        """Ask as any page may."""
        return await self._ask(request, "POST", path, body, {})

    async def explain(self, request: web.Request, body: Mapping[str, Any]) -> Reply:
        """Ask POST /v1/explain."""
        return await self._ask(request, "POST", OPERATE, orjson.dumps(body), self._powers())

    async def operate(self, request: web.Request, path: str) -> Reply:
        """Ask another of the operators' routes, by GET."""
        return await self._ask(request, "GET", path, b"", self._powers())

    def _powers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._operator_token()}"}

    async def _ask(
        self, request: web.Request, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Reply:
        assert self._client is not None  # noqa: S101 - the application runs
        started = time.perf_counter()
        try:
            url, sent = own_address(request) + path, {"Content-Type": "text/plain", **headers}
            async with self._client.request(method, url, data=body or None, headers=sent) as answer:
                content = await answer.read()
                passed = {name: answer.headers[name] for name in PASSED if name in answer.headers}
                return Reply(answer.status, content, passed, (time.perf_counter() - started) * 1000)
        except (aiohttp.ClientError, TimeoutError) as error:
            told = orjson.dumps({"error": {"code": "unavailable", "message": str(error) or type(error).__name__}})
            took_ms = (time.perf_counter() - started) * 1000
            return Reply(502, told, {"Content-Type": "application/json"}, took_ms)


def own_address(request: web.Request) -> str:
    """Where this very server listens, from the connection and not from what a caller says of it."""
    assert request.transport is not None  # noqa: S101 - there is a caller
    host, port = request.transport.get_extra_info("sockname")[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
