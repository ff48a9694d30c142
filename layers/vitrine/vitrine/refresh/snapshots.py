"""Visitors as they were known at an instant, as a matrix for models, with what they went on to do.

SQL does the counting (sql/visitor_*.sql); here counts become features. Everything is seen from the instant: a basket
that began later, or had not ended, does not exist.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import TooLittleData
from vitrine.refresh.bg_nbd import BgNbd, Histories, fit_bg_nbd
from vitrine.refresh.gamma_gamma import GammaGamma, fit_gamma_gamma
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import DAY_MS, VisitorId
from vitrine.values import dataclass, field

Doubles = NDArray[np.float64]

TABLES: Final = ("visitor_lines", "visitor_baskets", "visitor_breadth", "visitor_looks")
EVERYBODY: Final = "g"
"""No hexadecimal digest reaches it."""
MAX_TRAINED: Final = 25_000
"""Visitors that models learn from; of more than these a sample by digest is drawn."""
SEED: Final = 20170101


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Visitors with a purchase before an instant, in the order of their ids, and the plain models of their habits.

    `columns` are those of sql/visitor_features.sql, [n] each. `rhythm` says how often they buy, `worth` for how much;
    both are fitted to these visitors alone. `worth` is None where nothing was ever paid.
    """

    as_of_ms: int
    visitors: Sequence[VisitorId]
    columns: Mapping[str, Doubles] = field(repr=False)
    rhythm: BgNbd
    worth: GammaGamma | None

    @property
    def histories(self) -> Histories:
        """The visitors as BG/NBD sees them, in days."""
        columns = self.columns
        return Histories(columns["baskets"] - 1.0, columns["tenure"] - columns["recency"], columns["tenure"])

    @property
    def own_value(self) -> Doubles:
        """Mean value [n] of the baskets so far, minor units."""
        value: Doubles = self.columns["spend"] / self.columns["baskets"]
        return value

    @property
    def usual_value(self) -> Doubles:
        """Expected value [n] of the next basket by the gamma-gamma model, minor units."""
        return (
            self.own_value if self.worth is None else self.worth.expected_value(self.columns["baskets"], self.own_value)
        )

    def expected_spend(self, days: float) -> Doubles:
        """Expected spend [n] in so many days by both plain models, minor units."""
        return self.rhythm.expected_orders(self.histories, days) * self.usual_value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the visitors of a snapshot did in the days after it: orders and spend in minor units, [n] each."""

    orders: Doubles
    spend: Doubles

    @property
    def bought(self) -> Doubles:
        """1.0 for those with an order, else 0.0."""
        flags: Doubles = (self.orders > 0.0).astype(np.float64)
        return flags


class Past:
    """The lake's past as snapshots; each is made once. Nothing of it outlives the engine."""

    def __init__(self, engine: SqlEngine, as_of_ms: int) -> None:
        """The past of the lake that an engine has loaded, up to an instant.

        Raises:
            TooLittleData: nothing was bought before it.
        """
        self._engine = engine
        self._made: dict[tuple[int, bool], Snapshot] = {}
        self.as_of_ms = as_of_ms
        for name in TABLES:
            engine.materialise(name)
        [[first_ms, n, look_ms]] = engine.execute(
            "select min(at_ms), count(distinct visitor), (select min(at_ms) from visitor_looks where at_ms < $at) "
            "from visitor_baskets where last_ms < $at",
            {"at": as_of_ms},
        )
        if first_ms is None:
            raise TooLittleData("not enough data yet: the lake holds no purchase")
        self.first_ms = int(first_ms)
        self.first_look_ms = None if look_ms is None else int(look_ms)
        self._sample_cut = sample_cut(int(n))

    @property
    def days(self) -> float:
        """From the first purchase to the instant."""
        return (self.as_of_ms - self.first_ms) / DAY_MS

    def sample(self, days_ago: float) -> Snapshot:
        """What models learn from: visitors as of so many days before the instant, all or as many as are needed."""
        return self._snapshot(self._instant(days_ago), everybody=False)

    def everybody(self) -> Snapshot:
        """All visitors with a purchase, as of the instant."""
        return self._snapshot(self.as_of_ms, everybody=True)

    def outcome(self, days_ago: float, days: float) -> Outcome:
        """What the visitors of `sample` did in the days after it; all of these days lie before the instant."""
        at_ms = self._instant(days_ago)
        until_ms = min(at_ms + int(days * DAY_MS), self.as_of_ms)
        found = self._engine.columns("visitor_outcomes", as_of_ms=at_ms, until_ms=until_ms, cut=self._sample_cut)
        return Outcome(found["orders"], found["spend"])

    def _instant(self, days_ago: float) -> int:
        return self.as_of_ms - int(days_ago * DAY_MS)

    def _snapshot(self, at_ms: int, *, everybody: bool) -> Snapshot:
        everybody = everybody or self._sample_cut == EVERYBODY
        if (at_ms, everybody) not in self._made:
            cut = EVERYBODY if everybody else self._sample_cut
            columns = self._engine.columns("visitor_features", as_of_ms=at_ms, cut=cut)
            self._made[at_ms, everybody] = self._fitted(at_ms, columns)
        return self._made[at_ms, everybody]

    def _fitted(self, at_ms: int, columns: dict[str, NDArray[np.generic]]) -> Snapshot:
        visitors: list[VisitorId] = columns.pop("visitor").tolist()
        plain = {name: np.asarray(values, np.float64) for name, values in columns.items()}
        known = Histories(plain["baskets"] - 1.0, plain["tenure"] - plain["recency"], plain["tenure"])
        near = min(self._made.values(), key=lambda one: abs(one.as_of_ms - at_ms), default=None)
        rhythm = fit_bg_nbd(known, SEED, None if near is None else near.rhythm)
        worth = fit_gamma_gamma(
            plain["baskets"], plain["spend"] / plain["baskets"], SEED, None if near is None else near.worth
        )
        return Snapshot(at_ms, visitors, plain, rhythm, worth)


def sample_cut(n_visitors: int, wanted: int = MAX_TRAINED) -> str:
    """The hexadecimal digits below which the digests of about so many visitors lie; EVERYBODY where there are fewer."""
    return EVERYBODY if n_visitors <= wanted else format(wanted * 16**8 // n_visitors, "08x")
