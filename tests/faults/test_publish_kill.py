"""Publishing under fire: the publisher is killed at every write while readers look on.

RELIABILITY's eighth test. A child process publishes a release through the real DynamoDB and S3 adapters to a server on
loopback and kills itself (SIGKILL: no cleanup, no `finally`) right before or right after its k-th write, for every k
that an undisturbed publication has: parts, notes, batches of rows, marks, manifest, pointer, and the removal of the
oldest release. Eight readers go on meanwhile as decide does and compare what each page view sees: model, store,
bestsellers and rows must be of one generation, and none may be missing. Then the next run has to converge.

    make test       every write once, before and after in turn, some thousand reads
    make faults     every write, before and after, until there are 100,000 reads

Negative control: with the pointer flipped before the rows, the readers must find mixes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

import orjson
import pytest

from tests.faults.loopback import Loopback
from tests.faults.publisher import N_ROWS, REGIONS
from tests.faults.readers import Reader, Readers
from tests.unit.rankers import make_network, make_ranker_files
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.api.store_folder import compile_store
from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import Pointer
from vitrine.refresh.published import read_pointer
from vitrine.refresh.release_rows import KEYS

ROOT: Final = Path(__file__).parents[2]
FULL: Final = os.environ.get("FAULTS") == "full"
READS: Final = 100_000 if FULL else 1_000
N_READERS: Final = 8
OLDEST, OLD, NEW = 1, 2, 3
KILLED: Final = -signal.SIGKILL
CARD: Final = {"title": "", "url": "", "image": "", "price": 1, "regular_price": 1, "currency": "USD", "category": ""}


@dataclass
class Rig:
    """The server with two releases on it, a publisher, and how to read."""

    server: Loopback
    publisher: subprocess.Popen[str]
    marks: Mapping[str, int]
    rows: Mapping[Any, Any] | None = None
    objects: Mapping[str, bytes] | None = None
    reads: int = 0

    def publish(self, generation: int, minute: int, kill_at: int = 0, when: str = "before", **more: Any) -> Any:
        """How a publication ended: what it wrote, and its status."""
        command = {"generation": generation, "minute": minute, "kill_at": kill_at, "when": when, **more}
        assert self.publisher.stdin is not None
        assert self.publisher.stdout is not None
        self.publisher.stdin.write(json.dumps(command) + "\n")
        self.publisher.stdin.flush()
        told: dict[str, Any] = {}
        while "status" not in told:
            told |= json.loads(self.publisher.stdout.readline())
        return told

    def begin(self) -> None:
        """Back to the two releases, the older of which the next publication retires."""
        self.server.table = MemoryTable(dict(self.rows or {}))
        self.server.objects = MemoryObjects(dict(self.objects or {}))
        self.server.writes = 0

    def reader(self) -> Reader:
        """A reader that has just started."""
        return Reader(self.server.table, self.server.objects, self.marks)

    def pointer(self) -> Pointer:
        """The current pointer."""
        pointer = read_pointer(self.server.table)
        assert pointer is not None
        return pointer


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A server and a publisher, with generation 1 and 2 published."""
    folder = tmp_path_factory.mktemp("generations")
    marks = {make_parts(folder / str(generation), generation): generation for generation in (OLDEST, OLD, NEW)}
    server = Loopback()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    command = [sys.executable, "-m", "tests.faults.publisher", server.address, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as publisher:
        rig = Rig(server, publisher, marks)
        for minute, generation in enumerate((OLDEST, OLD)):
            assert rig.publish(generation, minute)["status"] == 0
        rig.rows, rig.objects = dict(server.table.rows), dict(server.objects.objects)
        yield rig
    server.shutdown()
    thread.join()
    server.server_close()


def make_parts(folder: Path, generation: int) -> str:
    """Write the parts of a generation: a model, a store and bestsellers that say which; the id of its ranker."""
    folder.mkdir()
    model, ranker = make_ranker_files(*make_network(generation))
    store = named_store(folder / "files", str(generation))
    best = {region: [{"item": str(generation), **CARD}] for region in REGIONS}
    named = {"model": model, "ranker": ranker, "store": store, "bestsellers": orjson.dumps(best)}
    for name, data in named.items():
        (folder / name).write_bytes(data)
    return parse_ranker_manifest(ranker).id


def named_store(folder: Path, name: str) -> bytes:
    """The fixtures' store under another name, compiled."""
    shutil.copytree(ROOT / "tests" / "fixtures" / "store", folder)
    file = folder / "store.yaml"
    file.write_text(re.sub(r"(?m)^name: .*$", f'name: "{name}"', file.read_text("utf-8")), "utf-8")
    return compile_store(folder)


def kill_points(n: int) -> list[tuple[int, str]]:
    """Every write; each before and after in the full form, in turn in the short one."""
    if FULL:
        return [(k, when) for k in range(1, n + 1) for when in ("before", "after")]
    return [(k, ("before", "after")[k % 2]) for k in range(1, n + 1)]


def releases_with_rows(rig: Rig) -> dict[str, int]:
    """Rows in the table by the release in their key."""
    counts: dict[str, int] = {}
    for key in rig.server.table.rows:
        if key.sk.startswith("R#"):
            counts[key.sk[2:]] = counts.get(key.sk[2:], 0) + 1
    return counts


def noted_releases(rig: Rig) -> set[str]:
    """Releases of whose rows there are notes or marks."""
    return {name.split("/")[1] for name in rig.server.objects.names(KEYS)}


def kill_once(rig: Rig, kill_at: int, when: str, reads: int, **more: Any) -> tuple[list[str], Pointer]:
    """Kill a publication, look at what it left, run it again and read on; the mixes and the pointer in between."""
    rig.begin()
    with Readers(N_READERS, rig.reader) as readers:
        assert rig.publish(NEW, 2, kill_at, when, **more)["status"] == KILLED
        left = rig.pointer()
        newcomer = rig.reader()
        newcomer.read_all()
        if not newcomer.mixes:
            assert rig.publish(NEW, 3)["status"] == 0
        while readers.reads < reads:
            readers.readers[0].read()
    rig.reads += readers.reads + 1
    return readers.mixes + newcomer.mixes, left


def test_killed_at_every_write_no_reader_sees_a_mix_and_the_next_run_converges(
    rig: Rig, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old release serves until the pointer is flipped, the new one after it; a rerun leaves neither debris nor a
    gap, and does not write again what was written."""
    rig.begin()
    old = rig.pointer()
    n_writes = len(rig.publish(NEW, 2)["written"])
    n_rows = rig.server.writes
    points = kill_points(n_writes)
    n_old = n_resumed = n_saved = 0
    for kill_at, when in points:
        mixes, left = kill_once(rig, kill_at, when, READS // len(points) + 1)
        at, now = f"killed {when} write {kill_at} of {n_writes}", rig.pointer()
        assert mixes == [], at
        assert left == old or left.previous == old.release, at
        serving = rig.reader()
        serving.read_all()
        assert (serving.mixes, serving.seen) == ([], {NEW}), at
        assert releases_with_rows(rig) == {now.lists: N_ROWS, now.previous_lists: N_ROWS}, at
        assert noted_releases(rig) == {now.lists, now.previous_lists}, at
        n_old += left == old
        n_resumed += now.lists != now.release
        n_saved += rig.server.writes < 2 * n_rows
    with capsys.disabled():
        print(f"\n{len(points)} kills at {n_writes} writes: {rig.reads:,} reads, 0 mixes, {n_resumed} runs resumed")
    assert rig.reads >= READS
    assert 0 < n_old < len(points)
    assert n_resumed > len(points) / 3
    assert n_saved == len(points)


def test_the_readers_see_a_pointer_that_is_flipped_too_early(rig: Rig) -> None:
    """Negative control: published with the pointer before the rows, each kill among the rows leaves a mix that both
    running and starting readers see."""
    rig.begin()
    n_writes = len(rig.publish(NEW, 2, sabotage=True)["written"])
    among_rows = range(8, n_writes // 2, 3)
    assert len(among_rows) > 2
    for kill_at in among_rows:
        mixes, _ = kill_once(rig, kill_at, "before", 50, sabotage=True)
        assert any("generations" in mix for mix in mixes), kill_at
