"""The card of next-purchase dates: how many of them came true, against the last purchase plus the visitor's interval.

Lists are built as of an instant in the past. A date that falls into the weeks after it came true if the visitor bought
the item within so many days of it, before or after.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.ports import Progress
from vitrine.refresh.bootstrap import mean_interval
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.report import Section, TableFigure
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import DAY_MS
from vitrine.values import dataclass

SPAN_DAYS: Final = 42
"""What is held out: as many days of purchases."""
WITHIN: Final = (3, 7)
"""Days to either side of a date."""
SEED: Final = 20170101
SHOWN: Final = {"due": "dates of the lists", "plain": "last purchase + own mean interval"}


@dataclass(frozen=True, slots=True)
class Trial:
    """Dates within so many days. `dated` and `hits` are by method; `gain` is that of the lists on dates of both.

    A gain is a mean with its 95 % interval over visitors.
    """

    within: int
    dated: dict[str, int]
    hits: dict[str, float]
    n_both: int
    gain: tuple[float, float, float]


def try_due_dates(engine: SqlEngine, regions: Regions, until_ms: int, progress: Progress) -> Sequence[Trial]:
    """How the dates of SPAN_DAYS before an instant came true. Leaves the engine with the lists of back then.

    Raises:
        InvalidSource: nothing was bought before them.
    """
    as_of_ms = until_ms - SPAN_DAYS * DAY_MS
    build_lists(engine, regions, as_of_ms, progress)
    columns = engine.columns("due_trials", as_of_ms=as_of_ms, until_ms=until_ms)
    return [_trial(columns, within) for within in WITHIN]


def _trial(columns: dict[str, NDArray[np.generic]], within: int) -> Trial:
    """Only dates with their whole time within what is known count: `within` days to either side."""
    plain = {name: np.asarray(values, np.float64) for name, values in columns.items()}
    falls = {name: (plain[f"{name}_in"] >= within) & (plain[f"{name}_in"] <= SPAN_DAYS - within) for name in SHOWN}
    came = {name: (plain[f"{name}_off"] <= within).astype(np.float64) for name in SHOWN}  # NaN is not within
    both = falls["due"] & falls["plain"]
    gains = (came["due"] - came["plain"])[both]
    return Trial(
        within=within,
        dated={name: int(falls[name].sum()) for name in SHOWN},
        hits={name: float(came[name][falls[name]].mean()) if falls[name].any() else 0.0 for name in SHOWN},
        n_both=int(both.sum()),
        gain=mean_interval(gains, plain["v"][both].astype(np.int64), SEED),
    )


def due_section(trials: Sequence[Trial]) -> Section:
    """The card."""
    rows = [
        (SHOWN[name], trial.within, trial.dated[name], 100.0 * trial.hits[name]) for trial in trials for name in SHOWN
    ]
    gains = [(trial.within, trial.n_both, *(100.0 * bound for bound in trial.gain)) for trial in trials]
    return Section(
        "Next-purchase dates",
        _verdict(trials[-1]),
        [
            TableFigure(
                f"Dates in the {SPAN_DAYS} days held out that came true, of pairs with two purchases or more",
                ("method", "within days", "dates", "came true %"),
                rows,
            ),
            TableFigure(
                "Gain of the lists' dates on pairs that both methods date then, in points, with its 95 % interval",
                ("within days", "pairs", "mean", "low", "high"),
                gains,
            ),
        ],
        tone="good" if all(trial.gain[1] > 0.0 for trial in trials) else "warning",
    )


def _verdict(trial: Trial) -> str:
    mean, low, high = (100.0 * bound for bound in trial.gain)
    told = f"{100.0 * trial.hits['due']:.1f} % of {trial.dated['due']:,} dates came true within {trial.within} days"
    rival = f"{100.0 * trial.hits['plain']:.1f} % by the plain rule; on the same pairs {mean:+.1f} points"
    return f"{told}, {rival} ({low:+.1f} to {high:+.1f})."
