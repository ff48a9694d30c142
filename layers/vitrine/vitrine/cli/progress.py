"""Progress on a terminal as bars with the time left; elsewhere as a plain line now and then."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from vitrine.ports import Progress

PLAIN_INTERVAL_S: Final = 5.0


@contextmanager
def show_progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """A `Progress` that shows stages on the stream (stderr by default) as they go on; callable from any thread."""
    shown = stream or sys.stderr
    if shown.isatty():
        with Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(file=shown),
        ) as bars:
            yield BarProgress(bars)
    else:
        yield PlainProgress(shown)


class BarProgress:
    """One bar per stage; a total of 0 means that nobody knows how much there is."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the stage's bar, or add it."""
        with self._lock:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=None)
            self._bars.update(self._tasks[stage], completed=done, total=total or None)


class PlainProgress:
    """A line when a stage ends and, while it goes on, every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._started: dict[str, float] = {}
        self._said: dict[str, float] = {}
        self._finished: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say where the stage is, unless that was said a moment ago."""
        now = time.monotonic()
        is_done = bool(total) and done >= total
        with self._lock:
            if is_done and stage in self._finished:
                return
            started = self._started.setdefault(stage, now)
            self._finished.discard(stage)
            if is_done:
                self._say(stage, now, f"done in {now - started:.1f} s")
                del self._started[stage]
                self._finished.add(stage)
            elif now - self._said.get(stage, started) >= PLAIN_INTERVAL_S:
                self._say(stage, now, plain_state(done, total, now - started))

    def _say(self, stage: str, now: float, state: str) -> None:
        self._said[stage] = now
        print(f"{stage}: {state}", file=self._stream, flush=True)


def plain_state(done: int, total: int, elapsed_s: float) -> str:
    """How far a stage is, and how long it will still take if it goes on like this."""
    if not total:
        return f"{done:,} so far"
    left = f", {elapsed_s * (total - done) / done:.0f} s left" if done else ""
    return f"{100 * done // total} %{left}"
