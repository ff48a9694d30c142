"""Readers that look on while releases are published, as decide does, and remember whatever does not fit together."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from tests.faults.publisher import release_keys
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.decisions.release import Pointer, Release
from vitrine.service.releases import Releases
from vitrine.types import Absent, Row

ROWS_PER_READ: Final = 6
PAUSE_S: Final = 0.003  # between two reads of a thread: readers that never rest keep the publisher from writing


@dataclass
class Reader:
    """One reader. `marks` tells the generation of a ranker by its id; `mixes` says what it saw that must not be."""

    table: MemoryTable
    objects: MemoryObjects
    marks: Mapping[str, int]
    reads: int = 0
    seen: set[int] = field(default_factory=set)
    mixes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._loader = ReleaseObjects(self.objects)
        self._releases = Releases(self.table, self.load, _no_bundle)
        self._random = random.Random(7)
        self._keys = {self._releases.pinned().lists: release_keys(self._releases.pinned().lists)}

    def load(self, pointer: Pointer) -> Release:
        """The release of a pointer; one that cannot be loaded is a mix, too: then it was published before it was
        whole."""
        try:
            release = self._loader.load(pointer)
        except Exception as error:
            self.mixes.append(f"release {pointer.release} does not load: {error!r}")
            raise
        if (release.id, release.lists) != (pointer.release, pointer.lists):
            self.mixes.append(f"the pointer says {pointer}, the manifest {release.id} with lists of {release.lists}")
        return release

    def read(self, n_rows: int | None = ROWS_PER_READ) -> None:
        """One page view: pin a release, read its rows and the pointer in one read, compare, follow the pointer."""
        release = self._releases.pinned()
        known = self._keys.setdefault(release.lists, release_keys(release.lists))
        wanted = known if n_rows is None else self._random.sample(known, n_rows)
        found = self.table.read([keys.RELEASE_POINTER, *wanted], 1.0)
        generations = {self.marks[release.ranker.id] if release.ranker else 0}
        generations.add(int(release.store.name))
        generations |= {int(item) for best in release.bestsellers.values() for item, _ in best}
        generations |= {_generation(found[key]) for key in wanted}
        self.reads += 1
        self.seen |= generations
        if len(generations) > 1 or 0 in generations:
            self.mixes.append(f"release {release.id} with lists of {release.lists} has generations {generations}")
        self._releases.notice(found[keys.RELEASE_POINTER])

    def read_all(self) -> None:
        """One page view that looks at every row."""
        self.read(None)


class Readers:
    """Readers in threads of their own while the block lasts."""

    def __init__(self, n: int, make: Callable[[], Reader]) -> None:
        self.readers = [make() for _ in range(n)]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(reader,)) for reader in self.readers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, reader: Reader) -> None:
        while not self._stop.wait(PAUSE_S):
            reader.read()

    @property
    def reads(self) -> int:
        """Page views of all readers."""
        return sum(reader.reads for reader in self.readers)

    @property
    def mixes(self) -> list[str]:
        """What all of them saw that must not be."""
        return [mix for reader in self.readers for mix in reader.mixes]


def _generation(row: Row | Absent) -> int:
    """What a row says; 0 for one that is missing, as no part of a release may be."""
    if isinstance(row, Absent):
        return 0
    table = row["table"]
    assert isinstance(table, bytes)
    return int(table.split(b" ")[0])


def _no_bundle() -> Release:
    raise AssertionError("there is a release from the start")
