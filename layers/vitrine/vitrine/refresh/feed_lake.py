"""Where feeds leave their traces in the lake, and in which order: whoever is killed between two writes comes again.

`catalog/items.parquet` is the catalogue. `events/changes/<time>-<what was compared>.parquet` are the changes of one
feed: columns item, kind, region, before, after, at_ms. `feeds/gone.parquet` remembers what feeds dropped,
`feeds/taken.json` which feed was taken last, `feeds/account.json` what became of the last one, and `feeds/quarantine/`
keeps refused feeds as they came, with their accounts.
"""

from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson

from vitrine.errors import InvalidSource
from vitrine.ports import Objects
from vitrine.refresh.engine import ITEMS, Engine
from vitrine.refresh.feed_account import ACCOUNT, Account, parse_account
from vitrine.types import DAY_MS
from vitrine.values import dataclass

GONE: Final = "feeds/gone.parquet"
NOTE: Final = "feeds/taken.json"
QUARANTINE: Final = "feeds/quarantine/"
CHANGES: Final = "events/changes/"
REMEMBERED_MS: Final = 400 * DAY_MS
PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Note:
    """The feed that was taken last: digests of its bytes and of the catalogue it made, and its server's validators."""

    feed: str = ""
    catalogue: str = ""
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class FeedLake:
    """The lake's objects, and a folder for copies of them that is this feed's alone."""

    objects: Objects
    folder: Path

    @property
    def catalogue(self) -> Path:
        """The copy of the catalogue; there is no file when there is no catalogue."""
        return self.folder / ITEMS

    @property
    def gone(self) -> Path:
        """The copy of what was dropped, as `catalogue`."""
        return self.folder / GONE

    def download(self) -> None:
        """Copy the catalogue and what was dropped."""
        for name in (ITEMS, GONE):
            self.objects.download(name, self.folder)

    def note(self) -> Note:
        """The feed that was taken last; an empty note when there is none, or a damaged one."""
        try:
            return Note(**orjson.loads(self.objects.get(NOTE) or b"{}"))
        except (ValueError, TypeError):
            return Note()

    def account(self) -> Account | None:
        """What became of the last feed that was looked into, None when nobody knows."""
        return parse_account(self.objects.get(ACCOUNT) or b"")

    def keep_account(self, account: Account) -> None:
        """What became of a feed."""
        self.objects.put(ACCOUNT, account.to_json())

    def keep_note(self, note: Note) -> None:
        """That a feed was taken; the last thing to be written."""
        self.objects.put(NOTE, orjson.dumps(asdict(note)))

    def keep_changes(self, engine: Engine, key: str, now: datetime) -> str:
        """Write the changes of a feed; their name. With the same key it writes over those of a run that was killed."""
        name = self._name_with(CHANGES, key, ".parquet") or f"{stamp(now)}-{key}"
        file = self.folder / "changes.parquet"
        engine.write_parquet("feed_changes", "kind, item, region", file)
        self.objects.upload(file, f"{CHANGES}{name}.parquet")
        return name

    def keep_catalogue(self, engine: Engine, now_ms: int) -> None:
        """Put the feed's catalogue in the place of the old one, and remember what it dropped.

        Raises:
            InvalidSource: what was written is not what was meant; the old catalogue stays.
        """
        engine.materialise("feed_gone", now_ms=now_ms, since_ms=now_ms - REMEMBERED_MS)
        engine.write_parquet("feed_gone", "item", self.gone)
        n = engine.write_parquet("feed_catalogue", "item", self.catalogue)
        engine.view_parquet("written", self.catalogue)
        [[rows, ids, cheapest]] = engine.execute("select count(*), count(distinct item), min(price) from written")
        if (rows, ids) != (n, n) or cheapest <= 0:
            raise InvalidSource("the catalogue that the feed would make has an id twice or a price of zero")
        self.objects.upload(self.gone, GONE)
        self.objects.upload(self.catalogue, ITEMS)

    def quarantine(self, feed: Path, now: datetime) -> str:
        """Keep a refused feed; its name there, the one it has when it was refused before."""
        key = digest(feed)[:8]
        name = self._name_with(QUARANTINE, key, ".feed")
        if not name:
            name = f"{stamp(now)}-{key}"
            self.objects.upload(feed, f"{QUARANTINE}{name}.feed")
        return name

    def keep_refusal(self, account: Account) -> None:
        """Why the feed of that name is in quarantine."""
        self.objects.put(f"{QUARANTINE}{account.id}.json", account.to_json())

    def quarantined(self) -> list[str]:
        """Names of the feeds in quarantine, the oldest first."""
        names = (name for name in self.objects.names(QUARANTINE) if name.endswith(".feed"))
        return [name.removeprefix(QUARANTINE).removesuffix(".feed") for name in names]

    def quarantined_feed(self, name: str) -> Path:
        """A copy of a feed in quarantine.

        Raises:
            InvalidSource: there is none of this name.
        """
        known = self.quarantined()
        if name not in known:
            raise InvalidSource(f"there is no feed {name!r} in quarantine; there are: {', '.join(known) or 'none'}")
        self.objects.download(f"{QUARANTINE}{name}.feed", self.folder)
        return self.folder / f"{QUARANTINE}{name}.feed"

    def _name_with(self, prefix: str, key: str, suffix: str) -> str:
        """The name under the prefix that ends with a key, '' for none."""
        ends = f"-{key}{suffix}"
        found = next((name for name in self.objects.names(prefix) if name.endswith(ends)), "")
        return found.removeprefix(prefix).removesuffix(suffix)


def digest(file: Path) -> str:
    """SHA-256 of a file, '' for none."""
    if not file.is_file():
        return ""
    counted = sha256()
    with file.open("rb") as source:
        while piece := source.read(PIECE):
            counted.update(piece)
    return counted.hexdigest()


def stamp(now: datetime) -> str:
    """An instant (UTC) in a name that sorts by it."""
    return f"{now:%Y%m%dT%H%M%SZ}"
