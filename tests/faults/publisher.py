"""A process that publishes releases and is killed: `python -m tests.faults.publisher ADDRESS FOLDER`.

It publishes as a refresh does, over the real adapters; see `forks`.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.faults.forks import answer_commands, quiet
from vitrine import keys
from vitrine.ports import Objects, Progress, Table
from vitrine.refresh import publish as publishing
from vitrine.refresh.publish import Parts, publish
from vitrine.refresh.published import flip, read_pointer
from vitrine.refresh.release import retire
from vitrine.refresh.release_rows import write_rows
from vitrine.types import Key, ReleaseId, Row

START: Final = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
PARTS_OF_ALL: Final = ("model", "ranker", "store", "bestsellers")
N_ITEMS: Final = 150
N_VISITORS: Final = 40
REGIONS: Final = ("north", "south")
ROWS_PER_BATCH: Final = 64
N_ROWS: Final = N_ITEMS + N_VISITORS + len(REGIONS)


@dataclass(frozen=True, slots=True)
class Marked:
    """Lists of a generation: every row tells which."""

    generation: int

    @property
    def as_of_ms(self) -> int:
        """An instant of its own per generation."""
        return self.generation * 1_000

    @property
    def row_count(self) -> int:
        """The same in all generations."""
        return N_ROWS

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """The rows of all three kinds, of different sizes."""
        for number, key in enumerate(release_keys(release)):
            yield key, {"table": b"%d " % self.generation + bytes(50 + 7 * (number % 90))}


def release_keys(release: ReleaseId) -> list[Key]:
    """Keys of the rows of a release."""
    return [
        *(keys.related(f"item-{number}", release) for number in range(N_ITEMS)),
        *(keys.shelf(region, None, release) for region in REGIONS),
        *(keys.personal(f"visitor-{number}", release) for number in range(N_VISITORS)),
    ]


def pointer_first(
    lists: Marked, parts: Parts, before: Any, table: Table, objects: Objects, now: datetime, quiet: Progress, **_: int
) -> Any:
    """Sabotage: `publish` with the pointer flipped before the rows are there."""
    manifest = publishing._put_parts(lists, parts, now, objects)
    pointer = publishing._seal(manifest, before, objects)
    flip(pointer, before, table)
    write_rows(lists, manifest.release, table, objects, quiet, rows_per_batch=ROWS_PER_BATCH)
    return pointer


def refresh(command: dict[str, Any], folder: Path, table: Table, objects: Objects) -> None:
    """Publish a generation and retire what is old, as `jobs.refresh_recommendations` does."""
    generation = command["generation"]
    parts = Parts(*((folder / str(generation) / name).read_bytes() for name in PARTS_OF_ALL))
    now = START + timedelta(minutes=command["minute"])
    run = pointer_first if command.get("sabotage") else publish
    before = read_pointer(table)
    pointer = run(Marked(generation), parts, before, table, objects, now, quiet, rows_per_batch=ROWS_PER_BATCH)
    retire(pointer, table, objects, quiet)


def main() -> None:
    """Answer commands until the input ends."""
    address, folder = sys.argv[1], Path(sys.argv[2])
    answer_commands(address, lambda command, table, objects: refresh(command, folder, table, objects))


if __name__ == "__main__":
    main()
