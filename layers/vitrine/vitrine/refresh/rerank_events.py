"""Read what was shown and clicked: JSON lines of three kinds, as re-rankers such as Metarank take them.

    {"event": "item", "item": ID, "fields": [{"name": ..., "value": ...}]}
    {"event": "ranking", "id": ID, "user": ID, "timestamp": MS, "items": [{"id": ID, "fields": [...]}]}
    {"event": "interaction", "ranking": ID, "item": ID, "timestamp": MS}

No field name is known beforehand: what a field is, follows from its values (`rerank_fields`). A line that is not one of
the three is counted and left out, and so is a click on what its ranking did not show.
"""

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from vitrine.errors import InvalidSource
from vitrine.refresh.network import Floats, Indices
from vitrine.refresh.rerank_fields import Goods, describe

MAX_ITEMS: Final = 1_000
"""A longer list was not looked at by anybody; its line is refused."""


class _Named(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    value: JsonValue


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True)

    event: Literal["item"]
    item: str
    fields: tuple[_Named, ...] = ()


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    fields: tuple[_Named, ...] = ()


class _Ranking(BaseModel):
    model_config = ConfigDict(frozen=True)

    event: Literal["ranking"]
    id: str
    user: str
    timestamp: int
    items: Annotated[tuple[_Shown, ...], Field(min_length=1, max_length=MAX_ITEMS)]


class _Interaction(BaseModel):
    model_config = ConfigDict(frozen=True)

    event: Literal["interaction"]
    ranking: str
    item: str
    timestamp: int


_Event = Annotated[_Item | _Ranking | _Interaction, Field(discriminator="event")]
_READER: Final[TypeAdapter[_Item | _Ranking | _Interaction]] = TypeAdapter(_Event)


@dataclass(frozen=True, slots=True)
class Rankings:
    """Lists that were shown, oldest first, one below the other: ranking r is the rows starts[r]:starts[r + 1].

    `items` int64 [n] points into the goods, `clicked` bool [n], `scores` holds numbers that came with the list, such as
    the score of the engine that made it (float32 [n], NaN where missing). Per ranking: `visitor` int64, `at_ms` int64
    and `known_ms` int64, the time of its last click, from which on it may tell something about its visitor.
    """

    starts: Indices
    items: Indices
    clicked: NDArray[np.bool_]
    scores: Mapping[str, Floats]
    visitor: Indices
    at_ms: Indices
    known_ms: Indices

    def __len__(self) -> int:
        return len(self.visitor)

    def rows(self, rankings: Indices) -> Indices:
        """Row numbers of some rankings, in their order."""
        sizes = np.diff(self.starts)[rankings]
        firsts = self.starts[rankings] - np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        spread: Indices = np.arange(sizes.sum()) + np.repeat(firsts, sizes)
        return spread

    def positions(self) -> Indices:
        """Place of every row in its list, from 0."""
        return np.arange(len(self.items)) - np.repeat(self.starts[:-1], np.diff(self.starts))

    def clicks(self) -> Indices:
        """Number of clicked items per ranking."""
        sums: Indices = np.add.reduceat(self.clicked.astype(np.int64), self.starts[:-1])
        return sums


@dataclass(frozen=True, slots=True)
class RerankLog:
    """All that was read; `n_refused` lines were left out."""

    goods: Goods
    rankings: Rankings
    n_refused: int


@contextmanager
def open_lines(path: Path) -> Iterator[Iterable[bytes]]:
    """Lines of a file, which may be compressed with gzip.

    Raises:
        InvalidSource: it is missing, or not what its name says.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            yield lines
    except (FileNotFoundError, IsADirectoryError, gzip.BadGzipFile, EOFError) as error:
        raise InvalidSource(f"{path} cannot be read: {error}") from error


def read_log(lines: Iterable[bytes]) -> RerankLog:
    """Items, rankings and clicks of an event log in any order.

    Of several events about one item the first counts: what is said of it later may not be known yet when it was shown.
    A ranking's time orders it; rankings of one instant keep the order of the lines.
    """
    reading = _Reading()
    for line in lines:
        if line.strip():
            reading.take(line)
    return reading.log()


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    items: dict[str, tuple[_Named, ...]] = field(default_factory=dict)
    rankings: dict[str, _Ranking] = field(default_factory=dict)
    clicks: dict[str, dict[str, int]] = field(default_factory=dict)
    n_refused: int = 0

    def take(self, line: bytes) -> None:
        """Keep what one line says."""
        try:
            event = _READER.validate_json(line)
        except ValidationError:
            self.n_refused += 1
            return
        match event:
            case _Item():
                self.items.setdefault(event.item, event.fields)
            case _Ranking():
                self.rankings.setdefault(event.id, event)
            case _Interaction():
                times = self.clicks.setdefault(event.ranking, {})
                times[event.item] = max(event.timestamp, times.get(event.item, event.timestamp))

    def log(self) -> RerankLog:
        """Everything as columns."""
        ordered = sorted(self.rankings.values(), key=lambda ranking: ranking.timestamp)
        for ranking in ordered:
            for shown in ranking.items:
                self.items.setdefault(shown.id, ())
        goods = describe({item: _plain(fields) for item, fields in self.items.items()})
        number = {item: index for index, item in enumerate(goods.ids)}
        shown_ids = {ranking.id: {shown.id for shown in ranking.items} for ranking in ordered}
        strays = sum(item not in shown_ids.get(ranking, ()) for ranking, times in self.clicks.items() for item in times)
        return RerankLog(goods, self._columns(ordered, number), self.n_refused + strays)

    def _columns(self, ordered: Sequence[_Ranking], number: Mapping[str, int]) -> Rankings:
        shown = [(ranking.id, item) for ranking in ordered for item in ranking.items]
        clicked = [item.id in self.clicks.get(ranking, ()) for ranking, item in shown]
        visitors: dict[str, int] = {}
        return Rankings(
            starts=np.cumsum([0, *(len(ranking.items) for ranking in ordered)], dtype=np.int64),
            items=np.array([number[item.id] for _, item in shown], np.int64),
            clicked=np.array(clicked, np.bool_),
            scores=_scores([item for _, item in shown]),
            visitor=np.array([visitors.setdefault(ranking.user, len(visitors)) for ranking in ordered], np.int64),
            at_ms=np.array([ranking.timestamp for ranking in ordered], np.int64),
            known_ms=np.array([self._known_ms(ranking) for ranking in ordered], np.int64),
        )

    def _known_ms(self, ranking: _Ranking) -> int:
        return max([ranking.timestamp, *self.clicks.get(ranking.id, {}).values()])


def _plain(fields: Sequence[_Named]) -> dict[str, JsonValue]:
    return {field.name: field.value for field in fields}


def _scores(shown: Sequence[_Shown]) -> dict[str, Floats]:
    names = sorted({field.name for item in shown for field in item.fields if _is_number(field.value)})
    plain = [_plain(item.fields) for item in shown]
    return {name: np.array([_number(fields.get(name)) for fields in plain], np.float32) for name in names}


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) and isfinite(value) else np.nan
