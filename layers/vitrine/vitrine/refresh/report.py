"""What a refresh has to say to people: sections of tables and charts, independent of how they are drawn.

Whoever computes something worth looking at (lists, segments, predictions, models, feeds) returns sections; the page
draws them in the order given. Numbers stay numbers until the page formats them.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from vitrine.values import dataclass

Cell: TypeAlias = str | int | float | None
Tone: TypeAlias = Literal["good", "warning", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class TableFigure:
    """Rows of cells under column heads; None is drawn as a dash."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class BarFigure:
    """One bar per label; several series stand side by side. `unit` follows the numbers (%, items, ms)."""

    caption: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LineFigure:
    """Lines over numbers on the x axis, such as a reliability plot; `diagonal` draws x = y for comparison.

    `series` maps a name to its x and y values, of equal length.
    """

    caption: str
    x_title: str
    y_title: str
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    diagonal: bool = False


Figure: TypeAlias = TableFigure | BarFigure | LineFigure


@dataclass(frozen=True, slots=True)
class Section:
    """One heading of the report. `verdict` is one sentence for who reads nothing else, in the given tone."""

    title: str
    verdict: str
    figures: Sequence[Figure] = ()
    tone: Tone = "plain"
