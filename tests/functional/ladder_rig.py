"""The decide service over the example store with a table in trouble: late, failing, leaving keys unread, all at will.

Time passes only where the rig says so, so that "never late" is arithmetic here and no timing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from threading import enumerate as threads

import numpy as np

from tests.golden.example_world import QUIET, PlainRanker, example_store, rows
from tests.golden.world import KEYS, NOW_MS, RELEASE, card_of
from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.catalog.items import Card
from vitrine.decisions.context import DecisionRequest, Options
from vitrine.decisions.ladder import EXERCISE_SHARE
from vitrine.decisions.release import Release
from vitrine.errors import DeadlineExceeded, DependencyFailed, InvalidModel
from vitrine.service.decide import DecideService, Outcome
from vitrine.service.releases import Releases
from vitrine.service.replay import Replay
from vitrine.types import Absent, Key, Page, Row, Rows
from vitrine.visitors.identity import TokenKeys, mint

CONSENT = frozenset({"personalization"})
WEATHER = {"temperature_c": 31.0}
BEST = ("milk", "toast", "rolls")
COUNTER_BYTES = 50
TRAFFIC = keys.weather_traffic("").sk


class Time:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


@dataclass(frozen=True)
class Trouble:
    """What becomes of one call: how long it takes, whether it fails then, and which kinds of rows stay unread."""

    takes_ms: float = 0.0
    fails: bool = False
    unread: frozenset[str] = frozenset()


def kind_of(key: Key) -> str:
    """The kind of a row: how its partition key begins, and its sort key up to the release."""
    return f"{key.pk[:2]}{key.sk.partition('#')[0]}"


KINDS = ("V#PROFILE", "V#R", "V#SHOWN", "I#R", "I#CARD", "I#S", "L#R", "W#NOW", "RECURRENT")


@dataclass(slots=True)
class TroubledTable(MemoryTable):
    """A table whose n-th call meets the n-th trouble; after the last one all is well. Keeps to its timeouts.

    `first_unread` are the kinds of rows that the last page view's first read left unread, if it was answered;
    `written` are the bytes of every write of a page view.
    """

    time: Time = field(default_factory=Time)
    troubles: list[Trouble] = field(default_factory=list)
    first_unread: set[str] = field(default_factory=set)
    written: list[int] = field(default_factory=list)
    calls: int = 0
    ignores_timeouts: bool = False

    def read(self, wanted: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table. Notes of traffic are read beside the page view, in no time of its own."""
        if wanted[0].sk == TRAFFIC:
            return MemoryTable.read(self, wanted, timeout_s, latest=latest)
        trouble = self._meet(timeout_s)
        found = MemoryTable.read(self, wanted, timeout_s, latest=latest)
        told = {key: Absent.NOT_READ if kind_of(key) in trouble.unread else row for key, row in found.items()}
        if keys.RELEASE_POINTER in told:
            self.first_unread = {kind_of(key) for key, row in told.items() if row is Absent.NOT_READ}
        return told

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        if key.sk != TRAFFIC:
            self._meet(timeout_s)
            self.written.append(sum(len(name) + _size(value) for name, value in {**key._asdict(), **row}.items()))
        return MemoryTable.replace(self, key, row, expected_rev, timeout_s)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        self._meet(timeout_s)
        self.written.append(sum(map(len, key)) + COUNTER_BYTES)
        return MemoryTable.count(self, key, limit, ttl, timeout_s)

    def _meet(self, timeout_s: float | None) -> Trouble:
        self.calls += 1
        trouble = self.troubles.pop(0) if self.troubles else Trouble()
        takes_s = trouble.takes_ms / 1000
        if timeout_s is not None and takes_s > timeout_s and not self.ignores_timeouts:
            self.time.now_s += timeout_s
            raise DeadlineExceeded("table", "no answer")
        self.time.now_s += takes_s
        if trouble.fails:
            raise DependencyFailed("table", "down")
        return trouble


@dataclass
class Model(PlainRanker):
    """The example's ranker, which takes its time or fails."""

    time: Time
    takes_ms: float = 0.0
    fails: bool = False
    calls: int = 0

    def score(self, features: np.ndarray) -> np.ndarray:
        """See ports.Ranker."""
        self.calls += 1
        self.time.now_s += self.takes_ms / 1000
        if self.fails:
            raise InvalidModel("not finite")
        return super().score(features)


class Shop:
    """An execution environment. Its ranker has been measured, its memory holds nothing, its table is well."""

    def __init__(
        self,
        exercise_share: float = EXERCISE_SHARE,
        model_takes_ms: float = 0.2,
        keys_take_ms: float | None = None,
    ) -> None:
        """With `keys_take_ms` the signing keys are down, and asking for them takes so long."""
        self.time = Time()
        self.clock = [QUIET]
        self.keys_take_ms = keys_take_ms
        self.model = Model(self.time, model_takes_ms)
        self.table = TroubledTable(dict(_rows()), time=self.time)
        self.stream = MemoryStream()
        self.ids = _ids()
        self.service = DecideService(
            table=self.table,
            releases=Releases(self.table, lambda pointer: self.load(RELEASE), lambda: self.load(RELEASE)),
            records=self.stream,
            token_keys=self.token_keys,
            clock=lambda: self.clock[0],
            new_id=lambda now: next(self.ids),
            entropy=bytes,
            seconds=self.time,
            exercise_share=exercise_share,
        )

    def token_keys(self, unknown_kid: str | None) -> TokenKeys | None:
        """See visitors.identity.KeySource."""
        if self.keys_take_ms is None:
            return KEYS
        self.time.now_s += self.keys_take_ms / 1000
        return None

    def load(self, release: str) -> Release:
        """The only release."""
        held = {region: _bestsellers() for region in example_store().regions}
        return Release(release, NOW_MS, example_store(), self.model, held)

    def decide(self, page: Page, visitor: str | None = "plain", **options: object) -> Outcome:
        """A page view of a visitor who agreed to be recognised, or of somebody new."""
        request = DecisionRequest(page, session="s1", consent=CONSENT, options=Options(**options))
        return self.service.decide(None if visitor is None else mint(visitor, KEYS), request)

    def replay(self) -> Replay:
        """Replays of what was recorded, from a table without any trouble."""
        return Replay(MemoryTable(dict(_rows())), self.load, _NoLog())


class _NoLog:
    def find(self, decision: str) -> bytes | None:
        raise AssertionError(decision)

    def recent(self, n: int, since: datetime | None = None) -> Iterator[bytes]:
        raise AssertionError(n)


def _ids() -> Iterator[str]:
    number = 0
    while True:
        yield f"d-{number}"
        number += 1


@cache
def _rows() -> dict[Key, Row]:
    return rows(QUIET, WEATHER)


@cache
def _bestsellers() -> tuple[tuple[str, Card], ...]:
    return tuple((item, card_of(item)) for item in BEST)


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | bytes) else len(str(value))


def lists_of(outcome: Outcome) -> set[str]:
    """Names of the lists that what is shown came from."""
    return {slot.reason.list for answer in outcome.decision.placements for slot in answer.items}


def noted_cells(shop: Shop) -> set[str]:
    """Weather cells of which it is noted that they have visitors, once all notes are taken."""
    for thread in threads():
        if "_renew" in thread.name:
            thread.join(5)
    return {key.pk for key in shop.table.rows if key.sk == TRAFFIC}
