"""Nights of the event lake for tests of compaction: what arrived, what readers count, a bucket that dies."""

import gzip
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import orjson

from tests.fixtures.lake.raw_lines import DAY_MS, HOUR_MS, NOW, NOW_MS, event, lines, object_name, raw_objects
from vitrine.adapters.memory import MemoryObjects
from vitrine.refresh.compaction import compact
from vitrine.refresh.compaction_desk import MOST_FILES
from vitrine.refresh.compaction_notes import compacted, read_notes


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


@dataclass(slots=True)
class MortalObjects(MemoryObjects):
    """Objects whose process dies right before or right after its k-th write, counted from 1."""

    dies_at: int = 0
    dies_after: bool = False
    writes: int = 0
    log: list[str] = field(default_factory=list)

    def put(self, name, data):
        """See ports.Objects. `upload` comes here too."""
        self._write(lambda: self.objects.__setitem__(name, data), f"put {name}")

    def delete(self, names):
        """See ports.Objects. Each name is a write of its own."""
        names = list(names)
        for name in names:
            self._write(lambda name=name: self.objects.pop(name, None), f"delete {name}")
        return len(names)

    def _write(self, act, what):
        self.writes += 1
        if self.writes == self.dies_at and not self.dies_after:
            raise Killed
        act()
        self.log.append(what)
        if self.writes == self.dies_at:
            raise Killed


def silent(stage, done, total):
    """Progress that nobody watches."""


def daily_rows(objects):
    """Rows of the daily files as (day of the file, id, visitor, kind), and all columns of one row by that."""
    found = []
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        objects.download("events/daily/", Path(folder))
        for path in sorted(Path(folder).rglob("*.parquet")):
            rows = connection.execute(
                "select id, visitor, kind, at_ms from read_parquet($path, hive_partitioning = false)",
                {"path": str(path)},
            ).fetchall()
            found += [(path.parent.name, *row) for row in rows]
    return sorted(found)


def readable(objects):
    """What a reader of the lake counts at this moment: rows of the daily files and of objects without a note."""
    done = compacted(read_notes(objects).values())
    found = {row[1:] for row in daily_rows(objects)}
    for name in objects.names("events/raw/"):
        if name not in done:
            whole = gzip.decompress(objects.get(name))
            plain = [orjson.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
            found |= {(one["id"], one["visitor"], one["kind"], one["at_ms"]) for one in plain if "id" in one}
    return found


def busy_night():
    """Objects of two days of arrival: late and repeated events, garbage, and one event of a day long past."""
    first = [event(id=f"a{n}", at_ms=NOW_MS - n * HOUR_MS) for n in range(30)] + [b"garbage", b"{}"]
    second = [event(id="a3", at_ms=NOW_MS - 3 * HOUR_MS), event(id="b1"), event(id="b2", at_ms=NOW_MS - 9 * DAY_MS)]
    found = raw_objects(first, second, [event(id="b1"), event(id="b1", visitor="v2")])
    later = [event(id="c1", at_ms=NOW_MS + HOUR_MS), event(id="c1", kind="click")]
    return found | {object_name(NOW + timedelta(days=1)): gzip.compress(lines(*later))}


@cache
def crowded_night():
    """The same with a day that has many small files already, so that it is merged."""
    objects = MemoryObjects()
    for n in range(MOST_FILES):
        name = object_name(NOW, 100 + n)
        objects.put(name, gzip.compress(lines(event(id=f"d{n}"))))
        compact(objects, NOW, silent)
    return objects.objects | busy_night()


def crowded():
    """Objects of that night to work on."""
    return dict(crowded_night())
