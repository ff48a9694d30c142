"""What predictions learn from and are tested on: visitors at several instants of the past, and what they did next.

Time divides the examples: earlier instants train, later ones choose and calibrate, the last ones test. Every window of
outcomes ends before the next part begins, so nothing that is learned knows what it is tested on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import TooLittleData
from vitrine.refresh.glm import Family
from vitrine.refresh.snapshots import Outcome, Past, Snapshot
from vitrine.refresh.visitor_matrix import visitor_features
from vitrine.types import VisitorId
from vitrine.values import dataclass, field

Doubles = NDArray[np.float64]

SPAN_DAYS: Final = 28
"""Short horizons are tested and calibrated at several instants, over four weeks together: one week may be Christmas."""
STEP_DAYS: Final = 28
MAX_INSTANTS: Final = 6
HISTORY_DAYS: Final = 28
"""A snapshot has so much of a past at least."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Instants in days before now: those that train, those that choose and calibrate, those that test."""

    train: tuple[int, ...]
    choose: tuple[int, ...]
    test: tuple[int, ...]

    def rolled_on(self) -> "Windows":
        """The windows for what is served: what tested calibrates, and training comes as much nearer."""
        nearer = min(self.choose) - min(self.test)
        return Windows(tuple(day - nearer for day in self.train), self.test, ())


@dataclass(frozen=True, slots=True)
class Question:
    """What is predicted of a visitor in the `days` after an instant.

    `target` is what came, [n]; `counts` says of whom it is asked (of whom nothing was bought has no order value).
    """

    name: str
    title: str
    family: Family
    days: int
    target: Callable[[Outcome], Doubles]
    counts: Callable[[Outcome], NDArray[np.bool_]] = field(default=lambda outcome: np.ones(len(outcome.orders), bool))


@dataclass(frozen=True, slots=True)
class Examples:
    """Visitors at instants, one row each: float64 [n, d] with NaN for the unknown, and what came, [n].

    `plain` are the columns [n] that the plain methods answer from, by name.
    """

    names: tuple[str, ...]
    rows: Doubles
    visitors: Sequence[VisitorId]
    plain: Mapping[str, Doubles]
    target: Doubles

    def __len__(self) -> int:
        return len(self.target)

    def where(self, chosen: NDArray[np.bool_]) -> "Examples":
        """Those for which [n] is true."""
        at = np.flatnonzero(chosen)
        plain = {name: column[at] for name, column in self.plain.items()}
        return Examples(self.names, self.rows[at], [self.visitors[n] for n in at.tolist()], plain, self.target[at])


def windows_of(days_known: float, days: int) -> Windows:
    """The windows of a horizon in a past of so many days.

    Raises:
        TooLittleData: the past is too short for all three parts.
    """
    n = max(1, SPAN_DAYS // days)
    test = tuple(days * k for k in range(1, n + 1))
    choose = tuple(days * k for k in range(n + 1, 2 * n + 1))
    first = days * (2 * n + 1)
    train = tuple(
        day for day in (first + STEP_DAYS * k for k in range(MAX_INSTANTS)) if day + HISTORY_DAYS <= days_known
    )
    if not train:
        raise TooLittleData(f"needs {first + HISTORY_DAYS} days of purchases, there are {days_known:.0f}")
    return Windows(train, choose, test)


def gather(past: Past, question: Question, instants: Sequence[int], *, with_looks: bool) -> Examples:
    """The examples of one part, instant by instant."""
    parts = []
    for days_ago in instants:
        outcome = past.outcome(days_ago, question.days)
        asked = examples_of(past.sample(days_ago), question, with_looks=with_looks)
        parts.append(replace(asked, target=question.target(outcome)).where(question.counts(outcome)))
    return Examples(
        names=parts[0].names,
        rows=np.vstack([part.rows for part in parts]),
        visitors=[visitor for part in parts for visitor in part.visitors],
        plain={name: np.concatenate([part.plain[name] for part in parts]) for name in parts[0].plain},
        target=np.concatenate([part.target for part in parts]),
    )


def examples_of(snapshot: Snapshot, question: Question, *, with_looks: bool) -> Examples:
    """The visitors of a snapshot, of whom it is not known yet what comes: the target is NaN."""
    columns = visitor_features(snapshot, question.days, with_looks=with_looks)
    known = snapshot.columns
    plain = {
        "recency": known["recency"],
        "own_value": snapshot.own_value,
        "usual_value": snapshot.usual_value,
        "own_pace": known["spend"] / np.maximum(known["tenure"], HISTORY_DAYS) * question.days,
        "expected_spend": snapshot.expected_spend(question.days),
        "chance": snapshot.rhythm.chance_to_buy(snapshot.histories, question.days),
    }
    unknown = np.full(len(snapshot.visitors), np.nan)
    return Examples(tuple(columns), np.column_stack(list(columns.values())), snapshot.visitors, plain, unknown)
