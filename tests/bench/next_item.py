"""`make bench ONLY=next_item DATA=...`: how often the next view of a visit is among the 20 items that we foresee.

DATA is a folder with `train_sessions.jsonl.gz` (one visit a line: item ids, oldest view first, oldest visit first) and
`test_sid_ts_prefix_label.jsonl.gz` (one test a line: visit, time, the items looked at so far, the one looked at next).
Rows and ranker are made of the training visits alone. Each test is then served as decide would: the packed rows of at
most eight items are unpacked, merged and scored. Nothing is hidden from the answer, going back to an item counts as any
other view, and a test whose item is unknown counts as a miss.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.bench.harness import BenchFailed
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.catalog.session_rows import unpack_session_row
from vitrine.decisions.next_item import Ranker, next_items
from vitrine.decisions.session import items_to_read
from vitrine.decisions.session_features import SESSION_FEATURES, SummedTransitions
from vitrine.errors import TooLittleData
from vitrine.ports import Progress
from vitrine.refresh.session_builder import build_rows
from vitrine.refresh.session_parts import pack_rows
from vitrine.refresh.session_training import train_next_item
from vitrine.refresh.sessions import Sessions, from_lists
from vitrine.types import ItemId

VISITS: Final = "train_sessions.jsonl.gz"
TESTS: Final = "test_sid_ts_prefix_label.jsonl.gz"
K: Final = 20

Recommend = Callable[[Sequence[ItemId]], Sequence[ItemId]]


@dataclass(frozen=True, slots=True)
class Case:
    """A visit so far, newest first, and what was looked at next."""

    visit: Sequence[ItemId]
    following: ItemId


@dataclass(frozen=True, slots=True)
class Figures:
    """Share of cases whose next item is among the first 20, and its mean reciprocal rank there."""

    hr: float
    mrr: float


class Server:
    """Packed rows and a ranker, and what serving with them costs."""

    def __init__(self, packed: Mapping[ItemId, bytes], ranker: Ranker) -> None:
        self._packed = packed
        self._ranker = ranker
        self.compute_ns: list[int] = []
        self.keys: list[int] = []
        self.row_bytes: list[int] = []

    def __call__(self, visit: Sequence[ItemId]) -> Sequence[ItemId]:
        """The next items of a visit. Timed is what follows the read: from packed bytes to the best 20."""
        wanted = items_to_read(visit)
        read = {item: data for item in wanted if (data := self._packed.get(item)) is not None}
        started = time.process_time_ns()
        rows = {item: unpack_session_row(data) for item, data in read.items()}
        best, _ = next_items(visit, rows, self._ranker, K)
        self.compute_ns.append(time.process_time_ns() - started)
        self.keys.append(len(wanted))
        self.row_bytes += map(len, read.values())
        return best


def run(progress: Progress, data: Path) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object.

    Raises:
        FileNotFoundError: the folder lacks a file.
        BenchFailed: a file does not hold what it should.
    """
    cases = list(read_cases(data / TESTS))
    started = time.perf_counter()
    sessions = from_lists(read_visits(data / VISITS))
    ranker, name = train(sessions, progress)
    packed = pack_rows(build_rows(sessions, progress))
    build_s = time.perf_counter() - started
    server = Server(packed, ranker)
    figures = {
        name: judge(server, cases, progress),
        "summed transitions": judge(Server(packed, SummedTransitions()), cases, progress),
        "popular items": judge(popular(sessions), cases, progress),
    }
    return report(figures, name, server, build_s, len(cases))


def read_visits(path: Path) -> Iterator[list[ItemId]]:
    """The training visits, ids as text."""
    for line in _lines(path):
        if not isinstance(line, list):
            raise BenchFailed(f"{path}: a visit is a list of items")
        yield [str(item) for item in line]


def read_cases(path: Path) -> Iterator[Case]:
    """The tests, ids as text."""
    for line in _lines(path):
        if not isinstance(line, list) or len(line) != 4 or not isinstance(line[2], list):
            raise BenchFailed(f"{path}: a test is [visit, time, items so far, next item]")
        yield Case([str(item) for item in reversed(line[2])], str(line[3]))


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        try:
            for line in file:
                yield json.loads(line)
        except ValueError as error:
            raise BenchFailed(f"{path}: {error}") from error


def train(sessions: Sessions, progress: Progress) -> tuple[Ranker, str]:
    """The ranker that these visits allow, and what to call it."""
    try:
        trained = train_next_item(sessions, progress)
    except TooLittleData:
        return SummedTransitions(), "too few visits for a model: summed transitions"
    return OnnxRanker(trained.model, trained.manifest.to_bytes(), SESSION_FEATURES), "session rows and ranker"


def popular(sessions: Sessions) -> Recommend:
    """The same items for everybody: the most viewed ones."""
    counts = np.bincount(sessions.items, minlength=len(sessions.ids))
    best = [sessions.ids[item] for item in np.argsort(-counts, kind="stable")[:K]]
    return lambda visit: best


def judge(recommend: Recommend, cases: Sequence[Case], progress: Progress) -> Figures:
    """Figures of a way to foresee the next item, over all cases."""
    reciprocal = np.zeros(len(cases))
    for index, case in enumerate(cases):
        best = recommend(case.visit)
        if case.following in best:
            reciprocal[index] = 1.0 / (1 + best.index(case.following))
        if index % 500 == 0:
            progress("serve the tests", index, len(cases))
    progress("serve the tests", len(cases), len(cases))
    return Figures(float((reciprocal > 0.0).mean()), float(reciprocal.mean()))


def report(figures: Mapping[str, Figures], name: str, server: Server, build_s: float, n_cases: int) -> list[str]:
    """A table and the JSON object: `keys` is the most that one test reads, `bytes_p95` is of a row read."""
    lines = [f"{n_cases:,} tests", f"{'':<50}{'HR@20':>8}{'MRR@20':>8}"]
    lines += [f"{who:<50}{figure.hr:>8.3f}{figure.mrr:>8.3f}" for who, figure in figures.items()]
    summary = {
        "bench": "next_item",
        "hr20": round(figures[name].hr, 4),
        "mrr20": round(figures[name].mrr, 4),
        "keys": max(server.keys),
        "bytes_p95": round(float(np.percentile(server.row_bytes or [0], 95))),
        "compute_us_p50": round(float(np.median(server.compute_ns)) / 1000),
        "build_s": round(build_s),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]
