"""Segments of visitors by what they did: recency, frequency and money, and what they lean to.

Each of the three is a score of 1 to 5: fifths of the visitors by mid-rank, so that equal visitors have equal scores and
thin data uses fewer of them. A named segment is the first rule of RULES that fits (the usual reading of Hughes,
"Strategic Database Marketing", 1994): names are for people, conditions can ask them as predicted.segment.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.calibration import mid_ranks
from vitrine.refresh.discounts import Sensitivity
from vitrine.refresh.snapshots import Snapshot
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import DAY_MS, VisitorId
from vitrine.values import dataclass, field

Doubles = NDArray[np.float64]
Scores = NDArray[np.int64]

FIFTHS: Final = 5
MIN_VISITORS: Final = 25
"""With fewer visitors than this a fifth is a handful of people: nobody has a segment."""
NEW_DAYS: Final = 60
AFFINITY_PRIOR: Final = 10.0  # lines
AFFINITY_HALF_LIFE_MS: Final = 90 * DAY_MS  # as of the personal lists


@dataclass(frozen=True, slots=True)
class Standing:
    """One visitor's scores, 1 to 5, and whether their first basket is younger than NEW_DAYS."""

    recency: int
    frequency: int
    money: int
    is_new: bool


Rule = tuple[str, str, Callable[[Standing], bool]]

RULES: Final[Sequence[Rule]] = (
    ("new", f"first basket in the last {NEW_DAYS} days", lambda one: one.is_new),
    (
        "champions",
        "recency, frequency and money 4 or 5",
        lambda one: min(one.recency, one.frequency, one.money) >= 4,
    ),
    ("loyal", "recency 3 to 5, frequency 4 or 5", lambda one: one.recency >= 3 and one.frequency >= 4),
    ("at_risk", "recency 1 or 2, frequency 4 or 5", lambda one: one.frequency >= 4),
    ("promising", "recency 4 or 5, frequency 1 to 3", lambda one: one.recency >= 4),
    ("lost", "recency 1, frequency 1 or 2", lambda one: one.recency == 1 and one.frequency <= 2),
    ("hibernating", "recency 1 or 2, frequency 1 to 3", lambda one: one.recency <= 2),
    ("regular", "everybody else: recency 3, frequency 1 to 3", lambda one: True),
)
"""Names in the order in which they are tried, what they say to people, and what they ask."""

PROSPECT: Final = "prospect"


@dataclass(frozen=True, slots=True)
class Affinity:
    """What a visitor leans to most, and its share of their lines; `lift` is against everybody's share."""

    name: str
    share: float
    lift: float


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments of all visitors with a purchase, as of an instant; `prospects` have looked and never bought."""

    visitors: Sequence[VisitorId] = field(repr=False)
    recency: Scores = field(repr=False)
    frequency: Scores = field(repr=False)
    money: Scores = field(repr=False)
    names: Sequence[str] = field(repr=False)
    affinities: Mapping[VisitorId, Mapping[str, Affinity]] = field(repr=False)
    sensitivity: Sensitivity = field(repr=False)
    prospects: frozenset[VisitorId] = field(repr=False)
    _place: Mapping[VisitorId, int] = field(repr=False)

    def of(self, visitor: VisitorId) -> dict[str, float | str]:
        """What conditions can ask of a visitor's segment: its name, and how much discounts draw them."""
        found: dict[str, float | str] = {}
        name = self.name(visitor)
        if name is not None:
            found["segment"] = name
        sensitivity = self.sensitivity.of(visitor)
        if sensitivity is not None:
            found["discount_sensitivity"] = round(sensitivity, 3)
        return found

    def name(self, visitor: VisitorId) -> str | None:
        """The segment; None for who is unknown, or where there are too few visitors."""
        place = self._place.get(visitor)
        if place is None:
            return PROSPECT if visitor in self.prospects else None
        return self.names[place] if len(self.names) else None

    def scores(self, visitor: VisitorId) -> str:
        """The three scores as three digits; '' without any."""
        place = self._place.get(visitor)
        if place is None or not len(self.names):
            return ""
        return f"{self.recency[place]}{self.frequency[place]}{self.money[place]}"

    def sizes(self) -> Counter[str]:
        """Visitors by segment."""
        return Counter(self.names) + Counter({PROSPECT: len(self.prospects)} if self.prospects else {})


def fifths(values: Doubles) -> Scores:
    """Scores [n] of 1 to 5, the largest values 5; equal values have equal scores."""
    places = (mid_ranks(values) + 0.5) / max(len(values), 1)
    scores: Scores = np.clip(np.floor(places * FIFTHS).astype(np.int64) + 1, 1, FIFTHS)
    return scores


def name_segment(standing: Standing) -> str:
    """The first rule that fits; the last one always does."""
    return next(name for name, _, fits in RULES if fits(standing))


def name_segments(snapshot: Snapshot) -> tuple[Scores, Scores, Scores, list[str]]:
    """Recency, frequency and money scores [n] of a snapshot's visitors, and their segments; no names for too few."""
    columns = snapshot.columns
    recency, frequency = fifths(-columns["recency"]), fifths(columns["baskets"])
    money = fifths(columns["spend"])
    if len(snapshot.visitors) < MIN_VISITORS:
        return recency, frequency, money, []
    is_new = columns["tenure"] < NEW_DAYS
    standings = zip(recency.tolist(), frequency.tolist(), money.tolist(), is_new.tolist(), strict=True)
    return recency, frequency, money, [name_segment(Standing(*each)) for each in standings]


def build_segments(
    engine: SqlEngine, everybody: Snapshot, sensitivity: Sensitivity, known: Sequence[VisitorId]
) -> Segments:
    """The segments of a snapshot's visitors. `known` are all whom the store knows: those without a basket but with
    events are prospects. The tables of snapshots.TABLES must have been made.
    """
    recency, frequency, money, names = name_segments(everybody)
    place = {visitor: n for n, visitor in enumerate(everybody.visitors)}
    looked = {str(visitor) for (visitor,) in engine.execute("select distinct visitor from visitor_looks")}
    prospects = frozenset(visitor for visitor in known if visitor in looked and visitor not in place)
    affinities = read_affinities(engine, everybody.as_of_ms)
    return Segments(everybody.visitors, recency, frequency, money, names, affinities, sensitivity, prospects, place)


def read_affinities(engine: SqlEngine, as_of_ms: int) -> dict[VisitorId, dict[str, Affinity]]:
    """Per visitor their first `category`, `brand` and price `band`, and the category that is most their `own`."""
    found: dict[VisitorId, dict[str, Affinity]] = {}
    columns = engine.columns(
        "visitor_affinities", as_of_ms=as_of_ms, prior=AFFINITY_PRIOR, half_life_ms=AFFINITY_HALF_LIFE_MS
    )
    names = ("visitor", "kind", "name", "share", "lift")
    for visitor, kind, name, share, lift in zip(*(columns[each].tolist() for each in names), strict=True):
        found.setdefault(visitor, {})[kind] = Affinity(name, share, lift)
    return found
