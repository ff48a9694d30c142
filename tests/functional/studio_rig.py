"""The studio over a stand-in for the API, on one port of loopback as in the demo."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from vitrine.local.loop_thread import LoopThread
from vitrine.local.studio import studio_site
from vitrine.local.studio_backstage import Backstage
from vitrine.local.studio_choices import Choices
from vitrine.visitors.identity import TokenKeys

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "the-operators-own"
KEYS: Final = TokenKeys("k1", {"k1": b"k" * 32})
CONSENT: Final = ["personalization"]
HOME: Final = {"page": {"type": "home"}, "consent": CONSENT}
SHOWN: Final = {
    "kind": "products",
    "campaign": "heat-row",
    "variation": "default",
    "control": False,
    "mechanic": None,
    "items": [{"id": "1", "slot": 0, "card": None, "sponsored": None, "bundle": None, "reasons": []}],
    "rows": [],
    "content": {"title": "Cool down"},
    "fallback": None,
    "reasons": [],
}
ITEM: Final = {"item": "1", "slot": 0, "title": "Ice", "reason": {"list": "popular", "item": None}, "rules": []}
DECISION: Final = {
    "decision": "d1",
    "release": "r1",
    "model": None,
    "region": "north",
    "placements": {"home.moment": SHOWN},
    "skipped": [],
}
WHY: Final = {**SHOWN, "items": [ITEM], "considered": [{"campaign": "heat-row", "outcome": "shown"}], "dropped": {}}
EXPLAINED: Final = {
    "explanation": {"region": "north", "seeds": [], "placements": {"home.moment": WHY}},
    "timings_ms": {"read": 4.0, "rank": 1.0, "answer": 9.0},
    "answer": DECISION,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of the stand-in API."""

    path: str
    authorization: str
    body: Any


@dataclass(slots=True)
class Api:
    """Notes calls; `status` and `answers` by path are what it says."""

    asked: list[Asked] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Any] = field(
        default_factory=lambda: {
            "/v1/decide": {"visitor": "own", "timings_ms": {"read": 5.0}, **DECISION},
            "/v1/explain": EXPLAINED,
            "/v1/events": {"accepted": 1, "duplicates": 0, "rejected": [], "visitor": "own"},
        }
    )

    async def answer(self, request: web.Request) -> web.Response:
        """Any call."""
        raw = await request.read()
        try:
            body = json.loads(raw)
        except ValueError:
            body = raw
        self.asked.append(Asked(request.path, request.headers.get("Authorization", ""), body))
        status = self.status.get(request.path, 200)
        said = self.answers.get(request.path, {"path": request.path})
        return web.json_response(said if status == 200 else {"error": {"code": "no", "message": "no"}}, status=status)

    def of(self, path: str) -> list[Asked]:
        """Calls of a path."""
        return [one for one in self.asked if one.path == path]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser got."""

    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class Studio:
    """A browser's view of the studio: `own` headers are those of its own pages."""

    url: str
    api: Api
    loop: LoopThread
    cookie: str = ""

    @property
    def own(self) -> dict[str, str]:
        """What a browser says when the studio's own page asks."""
        return {"Origin": self.url, "Sec-Fetch-Site": "same-origin", "Cookie": self.cookie}

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answered:
        """One call; by default as the studio's own page makes it."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None

        async def one() -> Answered:
            sent = self.own if headers is None else dict(headers)
            jar = aiohttp.DummyCookieJar()
            async with (
                aiohttp.ClientSession(cookie_jar=jar) as client,
                client.request(method, self.url + path, data=raw, headers=sent) as reply,
            ):
                text = await reply.read()
                return Answered(reply.status, json.loads(text) if text.startswith(b"{") else text, reply.headers)

        return self.loop.run(one())

    def enter(self) -> None:
        """Open the page, as a person does."""
        opened = self.ask("GET", "/studio", headers={"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
        self.cookie = opened.headers["Set-Cookie"].partition(";")[0]

    def suppose(self, **overrides: object) -> Answered:
        """Set overrides."""
        return self.ask("PUT", "/studio/overrides", overrides)

    def decide(self, **more: object) -> Answered:
        """The snippet's call."""
        return self.ask("POST", "/studio/api/v1/decide", {**HOME, **more})

    def hear(self, n: int, during: Callable[[], Awaitable[None]] | None = None, since: int = 0) -> list[dict[str, Any]]:
        """The next n things of the feed; `during` runs as soon as it is open."""

        async def listen() -> list[dict[str, Any]]:
            headers = {**self.own, "Last-Event-ID": str(since)}
            async with (
                aiohttp.ClientSession() as client,
                client.get(f"{self.url}/studio/feed", headers=headers) as feed,
            ):
                assert feed.headers["Content-Type"] == "text/event-stream"
                heard: list[dict[str, Any]] = []
                task = asyncio.ensure_future(during()) if during else None
                while len(heard) < n:
                    line = await asyncio.wait_for(feed.content.readline(), 10)
                    if line.startswith(b"data: "):
                        heard.append(json.loads(line[6:]))
                if task:
                    await task
                return heard

        return self.loop.run(listen())


@contextmanager
def open_studio(lake: Path, keys: Callable[[], TokenKeys] = lambda: KEYS) -> Iterator[Studio]:
    """The studio with the example store; nobody has opened it yet."""
    api, loop = Api(), LoopThread()
    backstage = Backstage(Choices(ROOT / "store", lake), lambda: TOKEN, keys, memory_mb=1024)
    application = web.Application()
    studio_site(ROOT / "storefront" / "studio", backstage)(application)
    application.router.add_route("*", "/v1/{path:.*}", api.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    listener = socket.create_server(("127.0.0.1", 0))

    async def start() -> None:
        await runner.setup()
        await web.SockSite(runner, listener).start()

    loop.run(start())
    try:
        yield Studio(f"http://127.0.0.1:{listener.getsockname()[1]}", api, loop)
    finally:
        loop.run(runner.cleanup())
        loop.stop()
        listener.close()
