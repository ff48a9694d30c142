"""Segments for people: their rules, sizes, what is predicted of them, and whether they went on as their names say."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from vitrine.decisions.predicted import SEGMENTS
from vitrine.refresh.differences import difference
from vitrine.refresh.predictions import Predictions
from vitrine.refresh.report import BarFigure, Cell, Figure, Section, TableFigure
from vitrine.refresh.segments import PROSPECT, RULES, Segments, name_segments
from vitrine.refresh.snapshots import Outcome, Past, Snapshot

SEED: Final = 20170101
LATER_DAYS: Final = 30
TOLD: Final = ("p_buy_30d", "p_churn", "ltv_12m")


def segment_section(segments: Segments, predictions: Predictions, past: Past) -> Section:
    """Sizes with what is predicted, and what the segments of a month ago did since."""
    sizes = segments.sizes()
    if not segments.names:
        return Section("Segments", "There are too few visitors for segments.", (), "warning")
    names = [name for name in SEGMENTS if sizes[name]]
    bars = BarFigure("Visitors", names, {"visitors": [float(sizes[name]) for name in names]})
    figures: list[Figure] = [bars, _predicted(segments, predictions, names), *_later(past)]
    largest = max(names, key=lambda name: sizes[name])
    verdict = (
        f"{sizes.total():,} visitors in {len(names)} segments, {sizes[largest] / sizes.total():.0%} are {largest}."
    )
    return Section("Segments", verdict, figures, "good")


def _predicted(segments: Segments, predictions: Predictions, names: Sequence[str]) -> TableFigure:
    rules = {name: said for name, said, _ in RULES} | {PROSPECT: "looked, but never bought"}
    values = {answer.question.name: answer.values for answer in predictions.answers}
    of = np.array(segments.names)
    rows: list[list[Cell]] = []
    for name in names:
        told = [values.get(each) for each in TOLD]
        means = [None if column is None or name == PROSPECT else float(column[of == name].mean()) for column in told]
        rows.append([name, rules[name], segments.sizes()[name], *means])
    return TableFigure("Means of what is predicted; money in minor units", ["segment", "rule", "visitors", *TOLD], rows)


def _later(past: Past) -> list[TableFigure]:
    """What the segments as of LATER_DAYS ago did since; nothing where the past is shorter."""
    if past.days < 2 * LATER_DAYS:
        return []
    return [later_behaviour(past.sample(LATER_DAYS), past.outcome(LATER_DAYS, LATER_DAYS))]


def later_behaviour(snapshot: Snapshot, outcome: Outcome) -> TableFigure:
    """Per segment of a snapshot the share that bought afterwards and what they spent; eta squared in the caption."""
    *_, names = name_segments(snapshot)
    of = np.array(names)
    rows: list[list[Cell]] = []
    for name in (name for name in SEGMENTS if name in set(names)):
        inside = of == name
        rows.append(
            [name, int(inside.sum()), float(outcome.bought[inside].mean()), float(outcome.spend[inside].mean())]
        )
    found = difference(outcome.spend, names, SEED) if names else None
    told = "" if found is None else f"; eta squared of the spend's ranks {found.eta2:.2f}, p {found.p:.3f}"
    caption = f"What the segments of {LATER_DAYS} days ago did since{told}"
    return TableFigure(caption, ["segment", "visitors", "share that bought", "mean spend in minor units"], rows)
