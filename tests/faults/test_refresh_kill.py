"""The whole job killed with SIGKILL at writes of every kind: readers see the old night or the new one, never both.

`test_publish_kill` kills a publication of made-up rows at every write. Here `jobs.refresh_recommendations` builds a
small lake's lists, writes cards, due dates, release, facts and report, and dies at the first write of each kind. A
reader looks on meanwhile: all rows of the release it has pinned have to be those that an undisturbed job makes of one
of the two lakes, to the byte, and the items that the new one shows need their cards. Then the next run has to converge.
"""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.loopback import Loopback
from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.functional.refresh_rig import GOODS, N_ITEMS, TODAY, make_bundle, sales
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.decisions.release import Pointer
from vitrine.refresh.due import DUE
from vitrine.refresh.published import read_pointer
from vitrine.refresh.release_facts import FACTS
from vitrine.refresh.release_rows import KEYS
from vitrine.refresh.report_page import LATEST, page_name
from vitrine.types import Row

ROOT: Final = Path(__file__).parents[2]
KILLED: Final = -signal.SIGKILL
PAUSE_S: Final = 0.02
NEWCOMER: Final = f"i{N_ITEMS}"
OLDEST, OLD, NEW = 0, 1, 2
AT_FIRST: Final = (DUE, ".done", "put_item", f"/{FACTS}", "reports/")
"""Writes to die at, by the end or the beginning of their names, beside the first rows: those of the cards."""

Rows = Mapping[str, Row]


@dataclass
class Night:
    """The server, the refresher, and the lakes of the two nights."""

    server: Loopback
    process: subprocess.Popen[str]
    lakes: Sequence[Path]
    state: tuple[MemoryTable, MemoryObjects] = field(default_factory=lambda: (MemoryTable(), MemoryObjects()))

    def refresh(self, lake: int, minute: int, kill_at: int = 0, when: str = "before") -> dict[str, Any]:
        """How a refresh ended: its status, and what it wrote if it came to its end."""
        command = {"lake": str(self.lakes[lake]), "day": TODAY + 7, "minute": minute}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(command | {"kill_at": kill_at, "when": when}) + "\n")
        self.process.stdin.flush()
        told: dict[str, Any] = {}
        while "status" not in told:
            told |= json.loads(self.process.stdout.readline())
        return told

    def keep(self) -> None:
        """Remember the state for `begin`."""
        self.state = MemoryTable(dict(self.server.table.rows)), MemoryObjects(dict(self.server.objects.objects))

    def begin(self) -> None:
        """Back to the state that was kept."""
        self.server.table = MemoryTable(dict(self.state[0].rows))
        self.server.objects = MemoryObjects(dict(self.state[1].objects))

    def pointer(self) -> Pointer:
        """The current pointer."""
        pointer = read_pointer(self.server.table)
        assert pointer is not None
        return pointer

    def rows(self, pointer: Pointer) -> Rows:
        """All rows of a release by their kind and partition."""
        wanted = (f"R#{pointer.lists}", f"S#{pointer.lists}")
        return {f"{key.sk[0]} {key.pk}": row for key, row in dict(self.server.table.rows).items() if key.sk in wanted}

    def cards(self) -> Rows:
        """All cards, without when they were written."""
        cards = ((f"i{n}", self.server.table.rows.get(keys.card(f"i{n}"))) for n in range(N_ITEMS + 1))
        return {item: {name: row[name] for name in row if name != "updated_ms"} for item, row in cards if row}


@dataclass
class Onlooker:
    """A reader that keeps a release pinned from one page view to the next."""

    night: Night
    made: Sequence[Rows]
    looks: int = 0
    faults: list[str] = field(default_factory=list)
    _pinned: Pointer | None = None

    def __post_init__(self) -> None:
        self._pin()

    def _pin(self) -> None:
        """Load the current release, if it is not the pinned one: a part that is missing or damaged raises."""
        pointer = self.night.pointer()
        if self._pinned != pointer:
            ReleaseObjects(self.night.server.objects).load(pointer)
            self._pinned = pointer

    def look(self) -> None:
        """One page view: the rows of the pinned release, then the pointer."""
        assert self._pinned is not None
        rows, release = self.night.rows(self._pinned), self._pinned.release
        self.looks += 1
        if rows not in self.made:
            self.faults.append(f"release {release} has {len(rows)} rows that no undisturbed job makes")
        elif rows == self.made[-1] and NEWCOMER not in self.night.cards():
            self.faults.append(f"release {release} shows an item that has no card")
        self._pin()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look on while the block lasts."""
        stop = threading.Event()

        def go_on() -> None:
            while not stop.wait(PAUSE_S):
                self.look()

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        self.look()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Three nights' lakes, a week of sales apart; in the last there is one item more, which everybody bought."""
    folder = tmp_path_factory.mktemp("nights")
    later = [Sale(f"h{n}", f"{n}-later", TODAY + n % 5, item) for n in range(10) for item in (NEWCOMER, f"i{n}")]
    lakes = [
        write_lake(folder / "oldest", GOODS, [sale for sale in sales() if sale.day < TODAY - 7]),
        write_lake(folder / "old", GOODS, sales()),
        write_lake(folder / "new", (*GOODS, Good(NEWCOMER, GOODS[0].category)), [*sales(), *later]),
    ]
    server = Loopback()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    command = [sys.executable, "-m", "tests.faults.refresher", server.address, str(make_bundle(folder / "bundle"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Night(server, process, lakes)
    server.shutdown()
    thread.join()
    server.server_close()


def kill_points(written: Sequence[str]) -> list[tuple[int, str, str]]:
    """The first write of each kind: its number, before or after in turn, and its name."""
    firsts = [0, *(_first(written, kind) for kind in AT_FIRST)]
    return [(at + 1, ("after", "before")[n % 2], written[at]) for n, at in enumerate(firsts)]


def _first(written: Sequence[str], kind: str) -> int:
    return next(at for at, name in enumerate(written) if name.startswith(kind) or name.endswith(kind))


def lies_whole(night: Night) -> bool:
    """Whether everything of the current release lies there, and nothing of releases before the previous one."""
    pointer, objects = night.pointer(), night.server.objects.objects
    wanted = {DUE, LATEST, page_name(pointer.release), f"{pointer.lists}/{FACTS}"}
    known = {pointer.lists, pointer.previous_lists}
    noted = {name.split("/")[1] for name in objects if name.startswith(KEYS)}
    listed = {key.sk.removeprefix("R#") for key in night.server.table.rows if key.sk.startswith("R#")}
    return wanted <= set(objects) and noted == listed == known


def test_a_killed_job_leaves_no_mix_and_the_next_one_converges(
    night: Night, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two releases lie there, the older of which the next refresh retires; it dies, it runs again, and all the while
    whoever reads finds one night whole."""
    for lake in (OLDEST, OLD):
        assert night.refresh(lake, lake)["status"] == 0
    night.keep()
    old, written = night.rows(night.pointer()), night.refresh(NEW, 2)["written"]
    new, cards = night.rows(night.pointer()), night.cards()
    assert old != new
    n_looks = n_old = 0
    points = kill_points(written)
    for kill_at, when, name in points:
        night.begin()
        onlooker, at = Onlooker(night, (old, new)), f"killed {when} write {kill_at}, {name}"
        with onlooker.looking():
            assert night.refresh(NEW, 2, kill_at, when)["status"] == KILLED, at
            left = night.rows(night.pointer())
            assert night.refresh(NEW, 3)["status"] == 0, at
        assert onlooker.faults == [], at
        assert (night.rows(night.pointer()), night.cards()) == (new, cards), at
        assert lies_whole(night), at
        n_old += left == old
        n_looks += onlooker.looks
    assert 0 < n_old < len(points)
    with capsys.disabled():
        print(f"\n{len(points)} kills among the {len(written)} writes of a refresh: {n_looks:,} reads, 0 mixes")


def test_the_onlooker_sees_a_row_of_another_night(night: Night) -> None:
    """Negative control: one row that is not of the pinned release's night is a fault."""
    assert night.refresh(OLD, 5)["status"] == 0
    made = night.rows(night.pointer())
    onlooker = Onlooker(night, [made])
    key = next(key for key in night.server.table.rows if key.sk == f"R#{night.pointer().lists}")
    night.server.table.write([(key, {"table": b""})])
    onlooker.look()
    assert len(onlooker.faults) == 1
