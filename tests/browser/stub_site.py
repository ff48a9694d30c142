"""A shop's origin for one test: pages as the test gives them, the storefront's files, an API that answers as told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

STOREFRONT: Final = Path(__file__).parents[2] / "storefront"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
PICTURE: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>'
EMPTY_DECISION: Final[dict[str, Any]] = {
    "decision": "01m80mre83gycs2cjnw2872rm8",
    "release": "20261122T000000-5f2a91c4",
    "model": None,
    "region": "north",
    "placements": {},
    "skipped": [],
    "visitor": None,
    "timings_ms": {},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API says: a dict as JSON, bytes as they are, after `delay_s`; or the connection is cut (`abort`)."""

    body: Mapping[str, Any] | bytes = b""
    status: int = 200
    delay_s: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    abort: bool = False

    def encoded(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the site saw; header names in lower case, `json` None where the body is none."""

    method: str
    path: str
    headers: Mapping[str, str]
    json: Any = None


Say: TypeAlias = Callable[[Any], Answer]


def no_decision(request: object) -> Answer:
    """A valid decision without placements."""
    return Answer(EMPTY_DECISION)


def all_accepted(request: Any) -> Answer:
    """Every event of a batch is taken."""
    n_events = len(request["events"]) if isinstance(request, dict) and "events" in request else 0
    return Answer({"accepted": n_events, "duplicates": 0, "rejected": [], "visitor": None})


class StubSite:
    """The site; fields may be changed at any moment, requests are in the order of their arrival.

    `pages` are HTML by path, `headers` more headers of a page by its path (such as a Content-Security-Policy), `files`
    texts that stand in for files of the storefront, by path (`/vitrine.js`); `decide` and `events` take the JSON of a
    request.
    """

    def __init__(self, url: str, closing: threading.Event) -> None:
        self.url = url
        self.closing = closing
        self.pages: dict[str, str] = {}
        self.headers: dict[str, Mapping[str, str]] = {}
        self.files: dict[str, str] = {}
        self.decide: Say = no_decision
        self.events: Say = all_accepted
        self.requests: list[Request] = []

    def of(self, path: str) -> list[Any]:
        """JSON of every POST to a path so far."""
        return [one.json for one in list(self.requests) if one.method == "POST" and one.path == path]

    def answer(self, request: Request) -> Answer:
        """Note the request and answer it."""
        self.requests.append(request)
        path = urlsplit(request.path).path
        if request.method == "POST" and path in ("/v1/decide", "/v1/events"):
            said = (self.decide if path == "/v1/decide" else self.events)(request.json)
            return Answer(said.encoded(), said.status, said.delay_s, JSON | dict(said.headers), said.abort)
        if request.method != "GET":
            return Answer(b"", 405)
        if path in self.pages:
            return Answer(self.pages[path].encode(), headers=HTML | dict(self.headers.get(path, {})))
        return self.file(path)

    def file(self, path: str) -> Answer:
        """A script or style of the storefront; a grey square for any picture."""
        kind = {"content-type": TYPES.get(Path(path).suffix, ""), "cache-control": "no-store"}
        if path in self.files:
            return Answer(self.files[path].encode(), headers=kind)
        file = (STOREFRONT / path.lstrip("/")).resolve()
        if file.suffix in TYPES and file.is_relative_to(STOREFRONT) and file.is_file():
            return Answer(file.read_bytes(), headers=kind)
        return Answer(PICTURE, headers=kind) if file.suffix == ".svg" else Answer(b"", 404)


JSON: Final = {"content-type": "application/json"}
HTML: Final = {"content-type": "text/html; charset=utf-8"}


class Handler(BaseHTTPRequestHandler):
    """One connection of the browser."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def serve(self) -> None:
        """Answer one request."""
        site = self.server.site
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = site.answer(Request(self.command, self.path, headers, parsed(body)))
        site.closing.wait(answer.delay_s)
        self.close_connection = answer.abort or site.closing.is_set()
        if answer.abort:
            return
        content = answer.encoded()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_OPTIONS = serve  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def parsed(body: bytes) -> Any:
    """The JSON of a body, None where it is none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


class Server(ThreadingHTTPServer):
    """Does not wait for browsers that keep connections open, nor complain of those that leave."""

    site: StubSite
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is no fault."""


@contextmanager
def open_stub_site() -> Iterator[StubSite]:
    """A site on a free port of loopback."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.site = site = StubSite(f"http://127.0.0.1:{server.server_port}", threading.Event())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.closing.set()
            server.shutdown()
            thread.join()
