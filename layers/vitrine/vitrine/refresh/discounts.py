"""How much discounts draw each visitor, beyond what follows from what they buy.

A visitor who buys goods that are on offer every other week buys half of them discounted without looking. So each line
is compared with how often others bought that very item discounted (sql/visitor_discounts.sql), and what is left over
is theta, the visitor's shift of the log odds of a discounted line: the first step of Newton's method from nothing,
drawn to nothing by support. How much of the differences between visitors is theirs (the variance tau2 of theta) is told
by the agreement of two halves of their days; how much lines of one basket move together, by what that leaves over.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.calibration import auc
from vitrine.refresh.report import Section, TableFigure
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import DAY_MS, VisitorId
from vitrine.values import dataclass, field

Doubles = NDArray[np.float64]

PRIOR: Final = 10.0  # lines
TEST_DAYS: Final = 90
HISTORY_DAYS: Final = 28
"""A test learns from so much at least."""
MIN_VISITORS: Final = 25
MIN_TAU2: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Habits:
    """Columns of sql/visitor_discounts.sql for a span of time, [n] each in the order of the visitors."""

    visitors: Sequence[VisitorId]
    n: Doubles
    discounted: Doubles
    excess: Doubles
    spread: Doubles
    halves: tuple[Doubles, Doubles, Doubles, Doubles] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """theta [n] by visitor; empty where visitors do not differ, or are too few to say."""

    theta: Mapping[VisitorId, float]
    tau2: float
    overdispersion: float
    facts: Mapping[str, float] = field(default_factory=dict)

    def of(self, visitor: VisitorId) -> float | None:
        """The chance, 0..1, that a line is discounted which would be for half of all others: 0.5 is as expected."""
        theta = self.theta.get(visitor)
        return None if theta is None else float(1.0 / (1.0 + np.exp(-theta)))


def build_sensitivity(engine: SqlEngine, first_ms: int, as_of_ms: int) -> Sensitivity:
    """The sensitivity of everybody as of an instant, tested on the last TEST_DAYS before it.

    The table visitor_lines must have been made.
    """
    found = estimate(read_habits(engine, first_ms, as_of_ms))
    split_ms = as_of_ms - TEST_DAYS * DAY_MS
    if split_ms - first_ms < HISTORY_DAYS * DAY_MS or not found.theta:
        return found
    before, after = read_habits(engine, first_ms, split_ms), read_habits(engine, split_ms, as_of_ms)
    return Sensitivity(found.theta, found.tau2, found.overdispersion, verify_sensitivity(before, after))


def read_habits(engine: SqlEngine, from_ms: int, until_ms: int) -> Habits:
    """What everybody bought discounted in a span of time."""
    columns = engine.columns("visitor_discounts", from_ms=from_ms, until_ms=until_ms, prior=PRIOR)
    even, odd = columns["excess_even"], columns["excess_odd"]
    spread = columns["spread_even"] + columns["spread_odd"]
    halves = (even, odd, columns["spread_even"], columns["spread_odd"])
    return Habits(columns["visitor"].tolist(), columns["n"], columns["discounted"], even + odd, spread, halves)


def estimate(habits: Habits) -> Sensitivity:
    """theta of every visitor of a span of time."""
    if len(habits.visitors) < MIN_VISITORS:
        return Sensitivity({}, 0.0, 1.0)
    even, odd, spread_even, spread_odd = habits.halves
    tau2 = float((even * odd).sum() / max(float((spread_even * spread_odd).sum()), 1e-12))
    noise = np.square(habits.excess).sum() - tau2 * np.square(habits.spread).sum()
    overdispersion = max(1.0, float(noise / max(float(habits.spread.sum()), 1e-12)))
    if tau2 < MIN_TAU2:
        return Sensitivity({}, max(tau2, 0.0), overdispersion)
    theta = habits.excess / (habits.spread + overdispersion / tau2)
    return Sensitivity(dict(zip(habits.visitors, theta.tolist(), strict=True)), tau2, overdispersion)


def verify_sensitivity(before: Habits, after: Habits) -> dict[str, float]:
    """How well theta of an earlier span tells who bought more at a discount than expected in a later one.

    `slope` is what came over what was said (1 when nothing is overstated), `auc` that of theta against having bought
    more than expected, `plain_auc` that of the plain share of discounted lines.
    """
    theta = estimate(before).theta
    share = dict(zip(before.visitors, (before.discounted / before.n).tolist(), strict=True))
    at = [n for n, visitor in enumerate(after.visitors) if visitor in theta and after.spread[n] > 0.0]
    if len(at) < MIN_VISITORS:
        return {}
    said = np.array([theta[after.visitors[n]] for n in at])
    plain = np.array([share[after.visitors[n]] for n in at])
    excess, spread = after.excess[at], after.spread[at]
    came = (excess > 0.0).astype(np.float64)
    return {
        "visitors": float(len(at)),
        "slope": float((excess * said).sum() / max(float((spread * said * said).sum()), 1e-12)),
        "auc": auc(said, came),
        "plain_auc": auc(plain, came),
    }


def sensitivity_section(found: Sensitivity) -> Section:
    """What is known of the visitors' sensitivity, and whether it lasts."""
    title = "Prediction: sensitivity to discounts"
    if not found.theta:
        return Section(title, "Visitors do not differ beyond chance, or are too few: nobody has one.", (), "warning")
    values = 1.0 / (1.0 + np.exp(-np.array(list(found.theta.values()))))
    cuts = (5, 25, 50, 75, 95)
    spread = TableFigure(
        "Chance of a discounted line where half of all others' are, by percentile of the visitors",
        [f"{cut} %" for cut in cuts],
        [[float(np.percentile(values, cut)) for cut in cuts]],
    )
    if not found.facts:
        return Section(title, f"{len(values):,} visitors have one; the past is too short to test it.", [spread])
    facts = found.facts
    tested = TableFigure(
        f"Who bought more at a discount than expected in the last {TEST_DAYS} days, told from before",
        ["visitors", "AUC", "AUC of the plain share", "what came over what was said"],
        [[facts["visitors"], facts["auc"], facts["plain_auc"], facts["slope"]]],
    )
    better = facts["auc"] > facts["plain_auc"]
    told = f"an AUC of {facts['auc']:.3f}, the plain share {facts['plain_auc']:.3f}"
    verdict = f"It tells who will buy more at a discount than expected with {told}."
    return Section(title, verdict, [spread, tested], "good" if better else "warning")
