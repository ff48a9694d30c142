"""Feeds fetched: validators, caps, ends that come early, addresses that moved, objects of the lake."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from vitrine.adapters.feed_source import FeedSource
from vitrine.adapters.http_get import Patience
from vitrine.adapters.memory import MemoryObjects
from vitrine.catalog.feed_plan import Source
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.refresh.feeds import Fetched, Unfetched

BODY = b"sku,name\n" * 1_000
PATIENCE = Patience(connect_s=2, read_s=0.5, attempt_s=1.5, total_s=3, attempts=2, first_pause_s=0.01)


class Handler(BaseHTTPRequestHandler):
    """A shop's web server; the path says how it behaves."""

    asked: "list[tuple[str, str | None]]" = []  # noqa: RUF012 - one server at a time

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match")))
        tries = sum(path == self.path for path, _ in self.asked)
        match self.path:
            case "/feed.csv?key=secret" if self.headers.get("If-None-Match") == '"v1"':
                self._answer(304, b"")
            case "/feed.csv?key=secret":
                self._answer(200, BODY, ETag='"v1"', Last_Modified="Sun, 22 Nov 2026 12:00:00 GMT")
            case "/moved":
                self._answer(301, b"", Location="http://169.254.169.254/latest")
            case "/flaky" if tries == 1:
                self._answer(503, b"")
            case "/flaky":
                self._answer(200, BODY)
            case "/cut":
                self._answer(200, BODY[:100], Content_Length=str(len(BODY)))
            case "/endless":
                self._answer(200, BODY * 10, Content_Length="")
            case "/silent":
                self.connection.settimeout(2)
                self.rfile.read(1)
            case _:
                self._answer(404, b"no")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def url() -> Iterator[str]:
    """A running server."""
    Handler.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def source() -> FeedSource:
    """Over an empty lake."""
    return FeedSource(MemoryObjects(), 50_000, PATIENCE)


def test_a_feed_is_fetched_with_its_validators_and_asked_for_by_them(
    url: str, source: FeedSource, tmp_path: Path
) -> None:
    """The second time nothing is sent; a key in the address is in no message."""
    at = Source(url=f"{url}/feed.csv?key=secret")
    fetched = source(at, Fetched(), tmp_path / "feed")
    assert fetched == Fetched('"v1"', "Sun, 22 Nov 2026 12:00:00 GMT")
    assert (tmp_path / "feed").read_bytes() == BODY
    assert source(at, fetched, tmp_path / "feed") == Unfetched(is_unchanged=True)
    assert [etag for _, etag in Handler.asked] == [None, '"v1"']
    assert "secret" not in str(at)


def test_a_server_that_stumbles_is_asked_again(url: str, source: FeedSource, tmp_path: Path) -> None:
    """And what the first attempt left is not in the file."""
    assert source(Source(url=f"{url}/flaky"), Fetched(), tmp_path / "feed") == Fetched()
    assert (tmp_path / "feed").read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "said"),
    [("/moved", "moved to 169"), ("/none", "HTTP 404"), ("/cut", "no answer"), ("/endless", "larger than 50,000")],
)
def test_what_is_no_feed_is_an_outage(url: str, source: FeedSource, tmp_path: Path, path: str, said: str) -> None:
    """A redirect is not followed, half a feed is none, and one without end is stopped."""
    with pytest.raises(DependencyFailed, match=said):
        source(Source(url=f"{url}{path}"), Fetched(), tmp_path / "feed")
    assert len({asked for asked, _ in Handler.asked}) == 1


def test_a_silent_server_is_waited_for_in_vain_but_not_long(url: str, source: FeedSource, tmp_path: Path) -> None:
    """The deadline holds."""
    with pytest.raises(DeadlineExceeded):
        source(Source(url=f"{url}/silent"), Fetched(), tmp_path / "feed")


def test_an_object_of_the_lake_is_copied(tmp_path: Path) -> None:
    """One that is not there (yet) is none; a neighbour with a longer name is another."""
    lake = MemoryObjects({"feeds/in.csv.old": b"x"})
    source = FeedSource(lake, 50_000)
    assert source(Source(lake="feeds/in.csv"), Fetched(), tmp_path / "feed") == Unfetched(is_unchanged=False)
    lake.put("feeds/in.csv", BODY)
    assert source(Source(lake="feeds/in.csv"), Fetched(), tmp_path / "feed") == Fetched()
    assert (tmp_path / "feed").read_bytes() == BODY
