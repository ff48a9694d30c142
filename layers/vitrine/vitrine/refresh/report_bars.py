"""Bar charts: columns when there are few short labels, else bars that lie, which have room for any number of any."""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from vitrine.refresh.report import BarFigure
from vitrine.refresh.report_numbers import is_drawn, short_text, tick_texts, ticks
from vitrine.refresh.report_svg import CHAR_PX, N_COLOURS, WIDTH, figure, legend, line, shorten, tag, text
from vitrine.values import dataclass

COLUMN_HEIGHT: Final = 170.0
MOST_COLUMNS: Final = 8
WIDEST_COLUMN: Final = 48.0
AXIS_ROOM: Final = 52.0
BAR: Final = 14.0
GAP: Final = 8.0
LABEL_SHARE: Final = 0.48  # of the width at most
VALUE_ROOM: Final = 76.0  # a number with its unit, at either end


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value lies: `start` pixels at the first tick, `end` at the last."""

    ticks: Sequence[float]
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value."""
        share = value / 2 - self.ticks[0] / 2  # halves, because the whole could overflow
        return self.start + share / (self.ticks[-1] / 2 - self.ticks[0] / 2) * (self.end - self.start)


def draw_bars(chart: BarFigure) -> Markup:
    """The chart as SVG; a bar without a number is a dash."""
    values = [value for series in chart.series.values() for value in series if is_drawn(value)]
    marks, top = legend(list(chart.series), WIDTH) if len(chart.series) > 1 else ([], 4.0)
    title = f"Bar chart of {len(chart.labels)} bars: {chart.caption}"
    if not chart.labels or not values:
        return figure([*marks, text("no data", WIDTH / 2, top + 24.0, "middle", "muted")], top + 40.0, title)
    steps = ticks(min(0.0, *values), max(0.0, *values))
    drawn, height = (_columns if _fits_columns(chart) else _lying)(chart, steps, top)
    return figure([*marks, *drawn], height, title)


def _fits_columns(chart: BarFigure) -> bool:
    slot = (WIDTH - AXIS_ROOM) / len(chart.labels)
    return len(chart.labels) <= MOST_COLUMNS and max(map(len, chart.labels)) * CHAR_PX <= slot - 6.0


def _columns(chart: BarFigure, steps: Sequence[float], top: float) -> tuple[list[Markup], float]:
    base = top + 14.0 + COLUMN_HEIGHT
    scale = Scale(steps, base, base - COLUMN_HEIGHT)
    drawn: list[Markup] = []
    for step, words in zip(steps, tick_texts(steps, _sign(chart)), strict=True):
        y = scale.at(step)
        drawn.append(line(AXIS_ROOM, y, WIDTH, y, "axis" if step == 0 else "grid"))
        drawn.append(text(words, AXIS_ROOM - 6.0, y + 4.0, "end", "muted"))
    slot = (WIDTH - AXIS_ROOM) / len(chart.labels)
    width = min((slot - 10.0) / len(chart.series), WIDEST_COLUMN)
    for index, label in enumerate(chart.labels):
        middle = AXIS_ROOM + slot * (index + 0.5)
        drawn.append(text(label, middle, base + 18.0, "middle"))
        for number, value in enumerate(_values(chart, index)):
            x = middle + (number - len(chart.series) / 2) * width
            drawn += _column(value, x, width, scale, number, _sign(chart))
    return drawn, base + 26.0


def _sign(chart: BarFigure) -> str:
    """Of the units, only the percent sign is short enough to stand at every column."""
    return "%" if chart.unit == "%" else ""


def _values(chart: BarFigure, index: int) -> Iterator[float | None]:
    """One value per series; None where a series is shorter than the labels, or holds no number."""
    for series in chart.series.values():
        value = series[index] if index < len(series) else None
        yield value if is_drawn(value) else None


def _column(value: float | None, x: float, width: float, scale: Scale, number: int, sign: str) -> Iterator[Markup]:
    zero = scale.at(0.0)
    end = zero if value is None else scale.at(value)
    if value is not None:
        y, height = min(zero, end), abs(end - zero)
        yield tag("rect", x=x + 1.0, y=y, width=max(width - 2.0, 1.0), height=height, class_=f"s{number % N_COLOURS}")
    words = short_text(value, sign)
    if len(words) * CHAR_PX <= width + 10.0:
        yield text(words, x + width / 2, end - 4.0 if end <= zero else end + 13.0, "middle", "value")


def _lying(chart: BarFigure, steps: Sequence[float], top: float) -> tuple[list[Markup], float]:
    room = min(max(map(len, chart.labels)) * CHAR_PX + 10.0, WIDTH * LABEL_SHARE)
    left = room + (VALUE_ROOM if steps[0] < 0 else 0.0)
    scale = Scale(steps, left, WIDTH - VALUE_ROOM)
    drawn: list[Markup] = []
    y = top + 4.0
    for index, label in enumerate(chart.labels):
        height = BAR * len(chart.series)
        shown = text(shorten(label, room - 10.0), room - 8.0, y + height / 2 + 4.0, "end")
        drawn.append(tag("g", tag("title", label), shown))
        for number, value in enumerate(_values(chart, index)):
            drawn += _lying_bar(value, y + number * BAR, scale, number, chart.unit)
        y += height + GAP
    drawn.append(line(scale.at(0.0), top, scale.at(0.0), y - GAP + 4.0, "axis"))
    return drawn, y + 4.0


def _lying_bar(value: float | None, y: float, scale: Scale, number: int, unit: str) -> Iterator[Markup]:
    zero = scale.at(0.0)
    end = zero if value is None else scale.at(value)
    if value is not None:
        x, width = min(zero, end), abs(end - zero)
        yield tag("rect", x=x, y=y + 1.0, width=width, height=BAR - 2.0, class_=f"s{number % N_COLOURS}")
    anchor, x = ("end", end - 5.0) if end < zero else ("start", end + 5.0)
    yield text(short_text(value, unit), x, y + BAR - 3.0, anchor, "value")
