"""A store whose visitors click what they look for if it stands high enough, and the life of a challenger there.

Arms, scoring by both, records, the watch and the pointer are the real ones; page views are made up, a window at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import orjson
from numpy.typing import NDArray

from tests.unit.pages import context
from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.release import Manifest, Part, Pointer
from vitrine.decisions.rollout import Rollout
from vitrine.errors import InvalidModel
from vitrine.refresh.champion import ModelFiles
from vitrine.refresh.guard import Policy
from vitrine.refresh.published import read_pointer
from vitrine.refresh.rollout import admit
from vitrine.refresh.watch import Watched
from vitrine.service.trial import Challenger
from vitrine.types import Page
from vitrine.wiring.model import equip_desk

Floats = NDArray[np.float32]
Act = Callable[[Floats, np.random.Generator], Floats]

START = datetime(2026, 11, 22, 0, 5, tzinfo=UTC)
TICK = timedelta(minutes=15)
N_CANDIDATES = 30
N_VISITORS = 4_000
HOURS_2 = 2 * 3_600_000
QUICK = Policy(min_trials=20, shadow_windows=3, canary_windows=4, canary_ms=3_600_000, patience_ms=HOURS_2)
"""A trial of hours for stores of moments; everything else is as it is."""


class Time:
    """A clock that goes on by what scoring costs."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


@dataclass
class Model:
    """A ranker made of a function of the features, which takes about so long by the rig's clock."""

    id: str
    act: Act
    cost_ms: float
    time: Time
    rng: np.random.Generator

    def score(self, features: Floats) -> Floats:
        """Scores as OnnxRanker gives them: finite ones, or an error."""
        self.time.now_s += self.cost_ms / 1000 * self.rng.lognormal(0.0, 0.5)
        scores = self.act(features, self.rng)
        if not np.isfinite(scores).all():
            raise InvalidModel("a score is not finite")
        return scores


def good(rows: Floats, rng: np.random.Generator) -> Floats:
    """What the champion knows, and a little more."""
    return np.asarray(rows[:, 0] + 0.2 * rows[:, 1], np.float32)


def champion(rows: Floats, rng: np.random.Generator) -> Floats:
    """The first feature."""
    return np.asarray(rows[:, 0], np.float32)


@dataclass
class Store:
    """Table, buckets and clock of a store with a champion; its challenger does what `act` says."""

    seed: int
    act: Act = good
    cost_ms: float = 0.1
    policy: Policy = QUICK
    loads: bool = True
    table: MemoryTable = field(default_factory=MemoryTable)
    releases: MemoryObjects = field(default_factory=MemoryObjects)
    lake: MemoryObjects = field(default_factory=MemoryObjects)
    now: datetime = START
    seen: set[str] = field(default_factory=set)
    exposed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.habits = self.rng.uniform(0.2, 0.9, N_VISITORS)
        self.files = ModelFiles(*make_ranker_files(*make_network(self.seed + 100)))
        self.desk = equip_desk(self.table, self.releases, self.lake, lambda: self.now, self.policy)
        self.champion = ModelFiles(*make_ranker_files(*make_network(1)))
        parts = {"model.onnx": self.champion.model, "ranker.json": self.champion.manifest, "store.json": b"{}"}
        manifest = Manifest("20261122T000000-00000000", 0, 0, 0, {name: Part.of(data) for name, data in parts.items()})
        for name, data in {**parts, "manifest.json": manifest.to_bytes()}.items():
            self.releases.put(f"{manifest.release}/{name}", data)
        pointer = Pointer(manifest.release, Part.of(manifest.to_bytes()).sha256, None, 1)
        self.table.rows[keys.RELEASE_POINTER] = pointer.to_row()

    @property
    def pointer(self) -> Pointer:
        """What serving follows."""
        pointer = read_pointer(self.table)
        assert pointer is not None
        return pointer

    def admit(self) -> str:
        """Put the challenger on trial; its id."""
        return admit(self.table, self.releases, self.files, self.now, self.policy).model

    def tick(self, n: int = 500) -> Watched:
        """A quarter of an hour of n page views, then the watch."""
        trial = self.pointer.rollout
        self._serve(n, trial)
        self.now += TICK
        return self.desk.watch.run()

    def live(self, ticks: int, n: int = 500) -> list[Watched]:
        """What the watch came to at every tick, until the trial is over."""
        told = []
        for _ in range(ticks):
            told.append(self.tick(n))
            if self.pointer.rollout is None:
                break
        return told

    def _serve(self, n: int, trial: Rollout | None) -> None:
        """n page views: a relevant item each, at the place that the order shown gives it."""
        rng, time = self.rng, Time()
        rows = rng.standard_normal((n, N_CANDIDATES, 2)).astype(np.float32)
        worth = rows[:, :, 0] + 0.5 * rows[:, :, 1] + 0.5 * rng.standard_normal((n, N_CANDIDATES))
        wanted = worth.argmax(axis=1)
        visitors = rng.integers(0, N_VISITORS, n)
        at = self.now + np.sort(rng.random(n)) * TICK
        own = Model("champion", champion, 0.1, time, rng)
        challenger = None
        if trial is not None and self.loads:
            challenger = Challenger(trial, Model(trial.model, self.act, self.cost_ms, time, rng), time)
        records, events = [], []
        for number in range(n):
            visitor, decision = f"v{visitors[number]}", f"{self.now:%d%H%M}-{number}"
            both = None
            if challenger is not None and (trial.is_canary(visitor) or trial.is_shadowed(decision)):
                both = challenger.beside(own, self._context(visitor, decision), lambda: 1.0)
            scores = rows[number, :, 0] if both is None else both.score(rows[number])
            place = int((scores > scores[wanted[number]]).sum())
            place += int((scores[: wanted[number]] == scores[wanted[number]]).sum())
            at_ms = int(at[number].timestamp() * 1000)
            shown = np.argsort(-scores, kind="stable")[:10].tolist()
            record = {
                "decision": decision,
                "at_ms": at_ms,
                "visitor": visitor,
                "model": "champion" if both is None else both.id,
                "placements": {"home": {"items": [{"item": f"i{one}"} for one in shown], "rows": []}},
            }
            records.append(record if both is None else record | {"trial": both.trial})
            self.seen.add(visitor)
            if both is not None and both.id != "champion":
                self.exposed.add(visitor)
            if place < 10 and rng.random() < self.habits[visitors[number]] / (1 + 0.5 * place):
                events.append({"kind": "click", "visitor": visitor, "item": f"i{wanted[number]}", "at_ms": at_ms + 9})
        for prefix, lines in (("decisions", records), ("events/raw", events)):
            name = f"{prefix}/{self.now:%Y/%m/%d}/{prefix[:6]}-1-{self.now:%Y-%m-%d-%H-%M-%S}-1.jsonl.gz"
            self.lake.put(name, b"\n".join(orjson.dumps(line) for line in lines))

    def _context(self, visitor: str, decision: str):
        request = DecisionRequest(Page("home"), visitor=visitor, consent=frozenset({"personalization"}))
        return context(request, decision=decision)
