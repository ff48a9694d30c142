"""Fetch a catalogue feed: an object of the lake, or a web address that is asked for what is newer than ours.

No redirect is followed: the store names the address it means, and what lies behind another one is not looked into. What
a server packs on the way stays packed; whoever reads the feed unpacks it.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from vitrine.adapters.http_get import OK, Patience, get
from vitrine.catalog.feed_plan import Source
from vitrine.errors import DependencyFailed
from vitrine.ports import Objects
from vitrine.refresh.feeds import Fetched, Unfetched
from vitrine.values import dataclass, field

DEPENDENCY: Final = "feed"
NOT_MODIFIED: Final = 304
MOVED: Final = range(301, 309)
MAX_VALIDATOR: Final = 200
HEADERS: Final = {
    "User-Agent": "vitrine (catalogue of an online store)",
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
}
PATIENCE: Final = Patience(connect_s=10.0, read_s=30.0, attempt_s=240.0, total_s=480.0, attempts=3, first_pause_s=2.0)


@dataclass(frozen=True, slots=True)
class FeedSource:
    """refresh.feeds.Fetch over HTTP and the lake. `max_bytes` bounds what is sent, packed or not."""

    lake: Objects
    max_bytes: int
    patience: Patience = field(default=PATIENCE)

    def __call__(self, source: Source, known: Fetched, target: Path) -> Fetched | Unfetched:
        """See refresh.feeds.Fetch. An object has no validators: its bytes tell whether it is new."""
        return self._from_web(source, known, target) if source.url else self._from_lake(source.lake, target)

    def _from_lake(self, name: str, target: Path) -> Fetched | Unfetched:
        if name not in self.lake.names(name):
            return Unfetched(is_unchanged=False)
        folder = target.with_name("fetched")
        self.lake.download(name, folder)
        (folder / name).replace(target)
        return Fetched()

    def _from_web(self, source: Source, known: Fetched, target: Path) -> Fetched | Unfetched:
        asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
        headers = HEADERS | {name: value for name, value in asked.items() if value}
        with target.open("w+b") as file:
            answer = get(DEPENDENCY, source.url, headers, self.max_bytes, self.patience, file)
        if answer.status == NOT_MODIFIED:
            return Unfetched(is_unchanged=True)
        if answer.status in MOVED:
            host = urlsplit(answer.headers.get("location", "")).hostname or "another path"
            raise DependencyFailed(DEPENDENCY, f"{source} has moved to {host}; name the new address in feeds.yaml")
        if answer.status != OK:
            raise DependencyFailed(DEPENDENCY, f"{source} answers HTTP {answer.status}")
        etag, modified = (answer.headers.get(name, "") for name in ("etag", "last-modified"))
        return Fetched(*(value if len(value) <= MAX_VALIDATOR else "" for value in (etag, modified)))
