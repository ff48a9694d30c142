"""A process that publishes releases and is killed: `python -m tests.faults.publisher ADDRESS FOLDER`.

Reads one command a line and forks for each; the fork publishes as a refresh does, over the real adapters, and kills
itself with SIGKILL right before or right after its k-th write (k = 0: never). Answers with a line: how the fork ended
and, if it came to an end, how many writes it made. Forked from one process that has imported everything and has no
threads, a publisher costs some milliseconds instead of a second.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final

from tests.faults.loopback import BUCKET, TABLE
from vitrine import keys
from vitrine.adapters.aws import PATIENT, Client, MakeClient, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import VitrineError
from vitrine.ports import Objects, Progress, Table
from vitrine.refresh import publish as publishing
from vitrine.refresh.publish import Parts, publish
from vitrine.refresh.published import flip, read_pointer
from vitrine.refresh.release import retire
from vitrine.refresh.release_rows import write_rows
from vitrine.types import Key, ReleaseId, Row

START: Final = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
WRITES: Final = {"batch_write_item", "delete_objects", "put_item", "put_object"}
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


class Fuse:
    """Counts the writes of all clients and kills the process at the one that was asked for."""

    def __init__(self) -> None:
        self.n = 0
        self.kill_at, self.when = 0, "before"
        self._lock = Lock()

    def write(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """Make a call that writes."""
        with self._lock:
            self.n += 1
            is_last = self.n == self.kill_at
        if is_last and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = call(**arguments)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


@dataclass(frozen=True, slots=True)
class Fused:
    """A client whose writes burn the fuse."""

    client: Client
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        """The client's own method, or one that counts."""
        method = getattr(self.client, name)
        return partial(self.fuse.write, method) if name in WRITES else method


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


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def fused(make: MakeClient, fuse: Fuse) -> MakeClient:
    """A maker of the one client that is made now, before any fork."""
    client = Fused(make(), fuse)
    return lambda: client


def main() -> None:
    """Answer commands until the input ends."""
    address, folder, fuse = sys.argv[1], Path(sys.argv[2]), Fuse()
    table_client, bucket_client = (
        fused(client_maker(service, PATIENT, local_stack(address)), fuse) for service in ("dynamodb", "s3")
    )
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _publish(json.loads(line), folder, fuse, table_client, bucket_client)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status}), flush=True)


def _publish(command: dict[str, Any], folder: Path, fuse: Fuse, table: MakeClient, bucket: MakeClient) -> None:
    """Do what a fork does, and end it."""
    fuse.kill_at, fuse.when = command.get("kill_at", 0), command.get("when", "before")
    try:
        refresh(
            command,
            folder,
            DynamoTable(TABLE, make_reader=table, make_writer=table, write_units_per_s=50_000),
            S3Objects(BUCKET, make_client=bucket),
        )
    except VitrineError as error:
        print(f"publisher: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    print(json.dumps({"writes": fuse.n}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
