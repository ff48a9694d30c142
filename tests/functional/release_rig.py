"""A table and a bucket in memory, and who publishes to them: refreshes with a few rows, store files of a few words."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson

from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.placements import Store
from vitrine.decisions.release import Pointer
from vitrine.errors import InvalidStore
from vitrine.refresh.publish import Parts, publish, publish_store
from vitrine.refresh.published import published_store, read_pointer
from vitrine.refresh.release import retire
from vitrine.types import Key, ReleaseId, Row

START = datetime(2026, 11, 22, 1, 23, 45, tzinfo=UTC)
REGIONS = ("north", "south")


def files(*campaigns: str, regions: tuple[str, ...] = REGIONS) -> bytes:
    """Compiled store files, as far as publishing looks into them."""
    return orjson.dumps({"regions": regions, "campaigns": campaigns})


def load(data: bytes) -> Store:
    """The store in such files."""
    try:
        plain = orjson.loads(data)
        campaigns = tuple(Campaign(name, frozenset(), ()) for name in plain["campaigns"])
        return Store("Test", "USD", ("en",), tuple(plain["regions"]), "north", {}, campaigns=campaigns)
    except (ValueError, LookupError) as error:
        raise InvalidStore("no store") from error


def count_campaigns(data: bytes | None) -> int | None:
    """How many campaigns there are in such files."""
    return len(load(data or b"").campaigns)


PARTS_1 = Parts(b"model", b"{}", files("summer"), b"{}")


class Killed(BaseException):
    """The process ends here; nothing catches this."""


@dataclass
class SomeRows:
    """Rows of a release to be: one item's related list each."""

    n: int = 4_100
    as_of_ms: int = 1_000
    claimed: int | None = None

    @property
    def row_count(self) -> int:
        """What it says it will give."""
        return self.n if self.claimed is None else self.claimed

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """The rows."""
        for number in range(self.n):
            yield keys.related(str(number), release), {"table": f"{self.as_of_ms} {number}".encode()}


@dataclass
class Fuse:
    """Lets `left` writes pass and kills the process at the next one."""

    left: int

    def burn(self) -> None:
        """One write."""
        if self.left == 0:
            raise Killed
        self.left -= 1


@dataclass(slots=True)
class FusedTable(MemoryTable):
    """A table in memory that dies at the write the fuse says."""

    fuse: Fuse = field(default_factory=lambda: Fuse(-1))

    def write(self, rows):
        self.fuse.burn()
        return MemoryTable.write(self, rows)

    def delete(self, keys):
        self.fuse.burn()
        return MemoryTable.delete(self, keys)

    def replace(self, key, row, expected_rev, timeout_s=None):
        self.fuse.burn()
        return MemoryTable.replace(self, key, row, expected_rev)


@dataclass(slots=True)
class FusedObjects(MemoryObjects):
    """A bucket in memory that dies at the write the fuse says."""

    fuse: Fuse = field(default_factory=lambda: Fuse(-1))

    def put(self, name, data):
        self.fuse.burn()
        MemoryObjects.put(self, name, data)

    def delete(self, names):
        self.fuse.burn()
        return MemoryObjects.delete(self, names)


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def after(minute: int) -> datetime:
    """`minute` minutes after the start."""
    return START + timedelta(minutes=minute)


def refresh_at(minute, table, objects, rows=None, progress=quiet) -> Pointer:
    """Publish lists and retire as a refresh does: with the store that is published, if there is one."""
    before = read_pointer(table)
    store = published_store(objects, before) if before else PARTS_1.store
    lists = rows or SomeRows(as_of_ms=minute)
    pointer = publish(lists, replace(PARTS_1, store=store), before, table, objects, after(minute), progress)
    retire(pointer, table, objects, quiet)
    return pointer


def publish_at(minute: int, table: MemoryTable, objects: MemoryObjects, *campaigns: str) -> Pointer:
    """Publish store files with these campaigns."""
    return publish_store(files(*campaigns), table, objects, after(minute), load)


def campaigns_of(pointer: Pointer | None, objects: MemoryObjects) -> list[str]:
    """Names of the campaigns that a release carries."""
    assert pointer is not None
    return [campaign.name for campaign in load(published_store(objects, pointer)).campaigns]


def releases_with_rows(table: MemoryTable) -> set[str]:
    """Releases that have rows in the table."""
    return {key.sk.removeprefix("R#") for key in table.rows if key.sk.startswith("R#")}
