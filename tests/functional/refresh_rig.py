"""A small shop whose lake a test can spoil: what it sold, what was looked at, and refreshes over memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from tests.fixtures.lake.raw_lines import event, raw_objects
from tests.functional.handlers import ROOT
from tests.unit.rankers import make_network, make_ranker_files
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.refresh.jobs import Published, Workshop, refresh_recommendations
from vitrine.refresh.published import read_pointer
from vitrine.types import Key, Row
from vitrine.wiring.refresh import equip

N_ITEMS, N_VISITORS, N_WEEKS = 12, 10, 6
TODAY = N_WEEKS * 7
GOODS = tuple(Good(f"i{item}", f"grocery/aisle-{item % 3}/type-{item % 6}") for item in range(N_ITEMS))


def sales(visitors: Iterable[int] = range(N_VISITORS)) -> list[Sale]:
    """Every week each visitor buys three items side by side, the last time a day before TODAY."""
    return [
        Sale(f"h{visitor}", f"{visitor}-{week}", week * 7 + visitor % 6, f"i{(visitor + step) % N_ITEMS}")
        for visitor in visitors
        for week in range(N_WEEKS)
        for step in range(3)
    ]


def looks(visitors: Iterable[int] = range(N_VISITORS)) -> list[dict[str, Any]]:
    """Lines of the stream: in the hour before they buy they look at the three and at the one after them."""
    return [
        look(f"h{visitor}", f"i{(visitor + step) % N_ITEMS}", week * 7 + visitor % 6 - (60 - step) / 1440, f"v{week}")
        for visitor in visitors
        for week in range(N_WEEKS)
        for step in range(4)
    ]


def look(visitor: str, item: str, day: float, session: str = "s") -> dict[str, Any]:
    """A line of the stream: somebody looks at an item, so many days after the shop opened."""
    return event(id=f"{visitor} {item} {day}", visitor=visitor, item=item, at_ms=at_ms(day), session=session)


def lake_objects(
    goods: Sequence[Good] = GOODS, sold: Sequence[Sale] = (), lines: Sequence[Mapping[str, Any] | bytes] = ()
) -> dict[str, bytes]:
    """Objects of a lake's bucket by name; the stream's lines are not compacted yet."""
    with TemporaryDirectory() as folder:
        lake = write_lake(Path(folder), goods, sold)
        written = {path.relative_to(lake).as_posix(): path.read_bytes() for path in lake.rglob("*.parquet")}
    return written | (raw_objects(lines) if lines else {})


def make_bundle(folder: Path) -> Path:
    """The example store with a ranker that knows nothing; the folder."""
    copytree(ROOT / "store", folder / "store")
    ranker = folder / "models" / "ranker"
    ranker.mkdir(parents=True)
    model, manifest = make_ranker_files(*make_network(1))
    (ranker / "model.onnx").write_bytes(model)
    (ranker / "manifest.json").write_bytes(manifest)
    return folder


class CountedTable(MemoryTable):
    """A table that remembers the keys it was given, pointer aside."""

    def __init__(self, rows: Mapping[Key, Row]) -> None:
        super().__init__(dict(rows))
        self.written: list[Key] = []

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        kept = list(rows)
        self.written += [key for key, _ in kept]
        return super().write(kept)


@dataclass
class Shop:
    """Table and buckets in memory, and a clock that goes on by a minute whenever it is looked at."""

    workshop: Workshop
    table: CountedTable = field(default_factory=lambda: CountedTable({}))
    lake: MemoryObjects = field(default_factory=MemoryObjects)
    releases: MemoryObjects = field(default_factory=MemoryObjects)

    def __post_init__(self) -> None:
        self.workshop = replace(self.workshop, table=self.table, lake=self.lake, releases=self.releases)

    def stock(self, objects: Mapping[str, bytes]) -> "Shop":
        """The shop, with this in its lake from now on."""
        self.lake.objects = dict(objects)
        return self

    def refresh(self) -> Published:
        """Refresh as the schedule does."""
        return refresh_recommendations(self.workshop, lambda *_: None)

    def served(self) -> tuple[Any, Any, Any]:
        """All that serving can see: the pointer, the table's rows, the objects of releases."""
        return read_pointer(self.table), dict(self.table.rows), dict(self.releases.objects)

    def copy(self) -> "Shop":
        """Another shop in the same state."""
        return Shop(
            self.workshop,
            CountedTable(self.table.rows),
            MemoryObjects(dict(self.lake.objects)),
            MemoryObjects(dict(self.releases.objects)),
        )


def open_shop(bundle: Path) -> Shop:
    """A shop with an empty lake, on TODAY."""
    minutes = iter(range(100_000))
    start = datetime.fromtimestamp(at_ms(TODAY) / 1000, UTC)
    return Shop(
        equip(bundle, MemoryTable(), MemoryObjects(), MemoryObjects(), lambda: start + timedelta(minutes=next(minutes)))
    )
