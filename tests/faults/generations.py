"""Releases that can be told apart by everything they consist of: items, ranker, bestsellers, cards.

A generation is the bench's page view with every item of its lists renamed to begin with the generation's mark, and with
a ranker of its own. They are published by the product's own `publish`, so that they lie as releases do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from tests.bench import canned_dynamodb
from tests.bench.canned_data import REGION, RELEASE, Canned
from tests.faults.backend import Backend
from tests.faults.environment import Verdict
from tests.faults.forks import quiet
from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.api.store_folder import compile_store
from vitrine.catalog.packed import ItemTable, item_key, pack, unpack
from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import Pointer
from vitrine.refresh.publish import Parts, publish
from vitrine.types import Key, ReleaseId, Row

N_BESTSELLERS: Final = 30


@dataclass(frozen=True, slots=True)
class Lists:
    """refresh.release_rows.ReleaseRows of one generation."""

    tables: Mapping[Key, bytes]
    as_of_ms: int

    @property
    def row_count(self) -> int:
        """One per key."""
        return len(self.tables)

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """The lists under the release's keys."""
        for key, table in self.tables.items():
            yield Key(key.pk, key.sk.replace(RELEASE, release)), {"table": table}


@dataclass(frozen=True, slots=True)
class Published:
    """A release that lies there: its pointer, its ranker's id, and the bytes of its model."""

    mark: str
    pointer: Pointer
    ranker: str
    model: bytes

    def mixes(self, verdict: Verdict, named: frozenset[str]) -> str | None:
        """What an answer of this release has of another one; `named` are items that belong to no generation."""
        strange = {item for item in verdict.items - named if not item.startswith(f"{self.mark}-")}
        if strange:
            return f"release {self.mark} shows {sorted(strange)[:3]}"
        return (
            f"release {self.mark} was scored by {verdict.model}" if verdict.model not in (None, self.ranker) else None
        )


@dataclass
class World:
    """A table and a bucket in which generations are published, and how they get to the backend."""

    canned: Canned
    store: Path
    folder: Path
    table: MemoryTable = field(default_factory=MemoryTable)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    latest: Pointer | None = None
    _revs: Iterator[int] = field(default_factory=lambda: count(1_000))
    _numbers: Iterator[int] = field(default_factory=count)

    def publish(self, mark: str, *, model: bytes | None = None) -> Published:
        """Publish a generation, with these bytes as its model if told."""
        number = next(self._numbers)
        made, ranker = make_ranker_files(*make_network(number))
        if model is not None:
            made, ranker = model, vouching(ranker, model)
        named = renamed(self.canned, self.named, mark)
        parts = Parts(made, ranker, compile_store(self.store), bestsellers(named))
        now = datetime.now(UTC).replace(microsecond=0)
        lists = Lists({key: row["table"] for key, row in named.items() if key.sk == f"R#{RELEASE}"}, number)
        self.table.write((key, row) for key, row in named.items() if key.sk == "CARD")
        pointer = publish(lists, parts, self.latest, self.table, self.objects, now, quiet)
        self.latest = pointer
        return Published(mark, pointer, parse_ranker_manifest(ranker).id, made)

    def show(self, backend: Backend) -> None:
        """Lay all that lies here over what the backend has."""
        self._lay_over(backend, dict(self.table.rows), dict(self.objects.objects))

    def flip(self, backend: Backend, to: Published, other: Published) -> None:
        """Make a release current there whose predecessor is another one."""
        kept = {"previous": other.pointer.release, "previous_lists": other.pointer.lists}
        pointer = replace(to.pointer, rev=next(self._revs), **kept)
        self._lay_over(backend, {keys.RELEASE_POINTER: pointer.to_row()}, {})

    def _lay_over(self, backend: Backend, rows: dict[Key, Row], objects: dict[str, bytes]) -> None:
        self.folder.mkdir(exist_ok=True)
        canned_dynamodb.save(Canned(rows, objects, [], {}), self.folder)
        backend.lay_over(self.folder)

    @property
    def named(self) -> frozenset[str]:
        """Items that the page view names."""
        request = self.canned.request
        return frozenset(request["recent"]) | {line["item"] for line in request["cart"]}


def renamed(canned: Canned, named: frozenset[str], mark: str) -> dict[Key, Row]:
    """Lists and cards with other items, but for those that the page view itself names."""

    def rename(item: str) -> str:
        return item if item in named else f"{mark}-{item}"

    rows: dict[Key, Row] = {}
    for key, row in canned.rows.items():
        if key.sk == "CARD":
            rows[keys.card(rename(key.pk.removeprefix("I#")))] = row
        elif isinstance(row.get("table"), bytes):
            table: Any = unpack(row["table"])
            ids = [rename(item) for item in table.ids]
            own_keys = np.array([item_key(item) for item in ids], "<u8")
            rows[key] = {"table": pack(ItemTable(ids, {**table.columns, "key": own_keys}))}
    return rows


def bestsellers(rows: Mapping[Key, Row]) -> bytes:
    """The part of that name, of the first cards."""
    cards = [(key, row) for key, row in rows.items() if key.sk == "CARD" and "-" in key.pk][:N_BESTSELLERS]
    left_out = ("regions", "updated_ms")
    entries = [
        {"item": key.pk.removeprefix("I#"), **{name: value for name, value in row.items() if name not in left_out}}
        for key, row in cards
    ]
    return orjson.dumps({REGION: entries})


def vouching(ranker: bytes, model: bytes) -> bytes:
    """A ranker's manifest that vouches for other bytes."""
    return orjson.dumps({**orjson.loads(ranker), "sha256": sha256(model).hexdigest()})
