"""What Vitrine needs of the outside, as contracts; `adapters/` fulfils them and `wiring.py` chooses.

All methods raise `DependencyFailed` (or its `DeadlineExceeded`) when the system behind does not do its work, and no
error of a vendor's library. All are safe to call from several threads unless said otherwise.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from vitrine.types import Key, Row, Rows
from vitrine.values import dataclass

if TYPE_CHECKING:  # collect has these ports but not the layer with numpy
    import numpy as np
    from numpy.typing import NDArray

Clock: TypeAlias = Callable[[], datetime]
"""The present as an aware UTC datetime."""

NewId: TypeAlias = Callable[[datetime], str]
"""A fresh opaque id that sorts by the given instant; never the same twice, also across restored snapshots."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the stage's name, steps done and steps in all, as often as convenient."""


class PageTable(Protocol):
    """What a page view does with the one table of rows under (pk, sk)."""

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """Every requested key once: its row, MISSING, or NOT_READ for what was left unread when time ran out.

        One batched request per 100 keys, eventually consistent unless `latest`. Raises only when nothing at all could
        be read.
        """
        ...

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """Put the row only if the stored row's `rev` equals expected_rev (None: only if there is no row).

        True when written; False when somebody else was first. The row carries its new `rev`. With a timeout it is
        given up in time, and may have been written all the same; without, it takes the adapter's patience.
        """
        ...

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """Add 1 to the row's `used` if it is below the limit, atomically; a row that is missing counts as 0.

        True when it was added. `ttl` (epoch seconds) is set with it. A call that is given up in time may have counted.
        """
        ...


class Table(PageTable, Protocol):
    """The table for who fills it, too."""

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """Put all rows unconditionally, in any order, retrying what is throttled; the number written."""
        ...

    def delete(self, keys: Iterable[Key]) -> int:
        """Delete all keys, present or not; the number of keys."""
        ...


class ObjectReader(Protocol):
    """A bucket of immutable objects by name, for who only reads them."""

    def get(self, name: str) -> bytes | None:
        """The object's bytes, None when there is none."""
        ...


class Objects(ObjectReader, Protocol):
    """The bucket for who fills it, too."""

    def put(self, name: str, data: bytes) -> None:
        """Write an object whole."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """Names that start with the prefix, sorted."""
        ...

    def delete(self, names: Iterable[str]) -> int:
        """Delete objects, present or not; the number of names."""
        ...

    def download(self, prefix: str, folder: Path) -> int:
        """Copy all objects under the prefix into the folder, keeping their names; the number copied."""
        ...

    def upload(self, path: Path, name: str) -> None:
        """Write a file of up to 5 GB as an object, without holding it in memory."""
        ...


class Stream(Protocol):
    """A firehose of records that ends as lines in the lake."""

    def put(self, records: Sequence[bytes], timeout_s: float = 2.0) -> int:
        """Hand over records (one JSON object each, no line feed); the number that was not taken.

        Given up in time: then it raises, and some of the records may arrive all the same.
        """
        ...


class DecisionLog(Protocol):
    """Records of decisions, as JSON lines. What was decided minutes ago may not have arrived yet."""

    def find(self, decision: str) -> bytes | None:
        """The record of a decision, None when there is none (yet).

        Raises:
            InvalidField: it is not the id of a decision.
            InvalidRecord: the records of that time cannot be read.
        """
        ...

    def recent(self, n: int, since: datetime | None = None) -> Iterator[bytes]:
        """At most n records, roughly the newest first, of no day before that of `since`."""
        ...


class Ranker(Protocol):
    """A model that scores candidates."""

    @property
    def id(self) -> str:
        """Short name and digest of the model, for answers and records."""
        ...

    def score(self, features: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """One finite score per row of the [n, d] matrix, larger is better.

        Raises:
            InvalidModel: the scores are not one finite number per row.
        """
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell whose weather is asked for, and where. `validator` is that of the answer we have, None without one."""

    cell: str
    lat: float
    lon: float
    validator: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Weather as a source tells it, checked: finite, plausible, of a moment ago. `code` is WMO's.

    `source` says who made it where that is not the service itself.
    """

    temperature_c: float
    feels_like_c: float
    precipitation_mm: float
    wind_kmh: float
    cloud_pct: int
    code: int
    is_day: bool
    observed_ms: int
    validator: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The source says that its answer is the one of the validator."""


@dataclass(frozen=True, slots=True)
class NoObservation:
    """Why a spot has no weather, in words for an operator."""

    reason: str


class WeatherSource(Protocol):
    """A service that knows the weather of the present and of past years."""

    @property
    def name(self) -> str:
        """Short name, kept with every observation."""
        ...

    def current(self, spots: Sequence[Spot]) -> Mapping[str, Observation | Unchanged | NoObservation]:
        """Every cell once. What goes wrong with one spot or one batch is told there and spoils no other; never raises
        for a failure of the service."""
        ...

    def history(self, lat: float, lon: float, first: date, last: date) -> Sequence[tuple[int, float]]:
        """Hours of the days from first to last (UTC) as (ms since the epoch, temperature in degrees C), ascending.

        Hours that the service does not know are left out.
        """
        ...


class Agenda(Protocol):
    """The persons whose outreach is to be looked at, by when: the sparse index `due` of the table."""

    def due(self, shard: str, now_ms: int, limit: int) -> list[tuple[str, int]]:
        """At most `limit` ids of persons of a shard and when they were due, not after now_ms, the oldest first.

        Eventually consistent: one whose alarm was just moved or taken away may still be among them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a queue, hidden from others for a while. `receipt` deletes it; `n_received` counts from 1."""

    body: bytes
    receipt: str
    n_received: int = 1


class Queue(Protocol):
    """A queue that delivers at least once, in any order."""

    def send(self, bodies: Sequence[bytes]) -> int:
        """Put messages (UTF-8, not empty, 256 KB at most each); the number that was not taken. What was may arrive
        twice."""
        ...

    def depth(self) -> int:
        """How many messages wait, roughly; those that somebody has received are not counted."""
        ...

    def receive(self, n: int) -> list[Letter]:
        """Up to n messages, hidden from others for the queue's visibility timeout; fewer, or none, when few wait."""
        ...

    def delete(self, letters: Sequence[Letter]) -> int:
        """Take received messages out; the number that was not, which will be received again."""
        ...
