"""Pictures of a run as SVG that stands alone: lines over a linear axis, milliseconds on a logarithmic one if asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10
from pathlib import Path
from typing import Final

from markupsafe import Markup

from vitrine.refresh.report_bars import Scale
from vitrine.refresh.report_numbers import short_text, tick_texts, ticks
from vitrine.refresh.report_style import STYLE
from vitrine.refresh.report_svg import N_COLOURS, WIDTH, figure, legend, line, tag, text

HEIGHT: Final = 220.0
LEFT: Final = 56.0
RIGHT: Final = 10.0
TOP: Final = 30.0
MOST_DOTS: Final = 40
PAPER: Final = (
    "svg { background: var(--paper); font-family: system-ui, sans-serif; } .band { fill: var(--rule); opacity: 0.6; }"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines by name over common x values; NaN and infinity are gaps. `limits` are horizontal lines, `marks` vertical
    ones, both by what stands beside them; `bands` are spans of x that are shaded.
    """

    title: str
    x_title: str
    y_title: str
    xs: Sequence[float]
    lines: Mapping[str, Sequence[float]]
    limits: Mapping[str, float]
    marks: Mapping[str, float]
    bands: Sequence[tuple[float, float]] = ()
    is_log: bool = False


def draw(charts: Sequence[Chart]) -> str:
    """The charts, one below the other."""
    drawn: list[Markup] = [tag("style", Markup(STYLE + PAPER))]
    y = 0.0
    for chart in charts:
        parts, height = _chart(chart)
        drawn.append(tag("g", *parts, transform=f"translate(12 {y + 10:.1f})"))
        y += height + 20.0
    svg = figure(drawn, y, "; ".join(chart.title for chart in charts))
    box = f'viewBox="0 0 {WIDTH:.0f}', f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 24:.0f}'
    return str(svg).replace(*box, 1)


def save(charts: Sequence[Chart], path: Path) -> None:
    """Write the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(charts), encoding="utf-8")


def _chart(chart: Chart) -> tuple[list[Markup], float]:
    marks, top = legend(list(chart.lines), WIDTH)
    marks = [text(chart.title, 0.0, 14.0, "start", "label"), tag("g", *marks, transform="translate(0 22)")]
    base = top + TOP + 20.0 + HEIGHT
    up = _Up([y for ys in chart.lines.values() for y in ys] + list(chart.limits.values()), base, chart.is_log)
    reach = [*chart.xs, *chart.marks.values()]
    across = Scale(ticks(min(0.0, *reach), max(reach)), LEFT, WIDTH - RIGHT)
    parts = [*marks, *_bands(chart, across, base), *_axes(chart, across, up, base), *_guides(chart, across, up, base)]
    for number, ys in enumerate(chart.lines.values()):
        parts += _line(chart.xs, ys, across, up, number % N_COLOURS)
    parts.append(text(chart.y_title, 0.0, base - HEIGHT - 12.0, "start", "muted"))
    parts.append(text(chart.x_title, (LEFT + WIDTH - RIGHT) / 2, base + 35.0, "middle", "muted"))
    return parts, base + 40.0


class _Up:
    """The vertical scale."""

    def __init__(self, values: Sequence[float], base: float, is_log: bool) -> None:
        known = [value for value in values if isfinite(value) and (value > 0 or not is_log)] or [1.0]
        self._is_log = is_log
        steps = _decades(min(known), max(known)) if is_log else ticks(0.0, max(known))
        self.ticks = steps
        self._scale = Scale([self._of(step) for step in steps], base, base - HEIGHT)

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self._scale.at(self._of(max(value, self.ticks[0])))

    def _of(self, value: float) -> float:
        return log10(value) if self._is_log else value


def _decades(low: float, high: float) -> list[float]:
    """1, 2, 5, 10 ... from at or below `low` to at or above `high`."""
    steps = [factor * 10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1) for factor in (1, 2, 5)]
    first = max(at for at, step in enumerate(steps) if step <= low)
    last = next((at for at, step in enumerate(steps) if step >= high), len(steps) - 1)
    return steps[first : max(last, first + 1) + 1]


def _axes(chart: Chart, across: Scale, up: _Up, base: float) -> Iterator[Markup]:
    for step in up.ticks:
        y = up.at(step)
        yield line(LEFT, y, WIDTH - RIGHT, y, "axis" if step == up.ticks[0] else "grid")
        yield text(short_text(step), LEFT - 6.0, y + 4.0, "end", "muted")
    for step, words in zip(across.ticks, tick_texts(across.ticks), strict=True):
        yield line(across.at(step), base, across.at(step), base + 4.0, "axis")
        yield text(words, across.at(step), base + 17.0, "middle", "muted")


def _bands(chart: Chart, across: Scale, base: float) -> Iterator[Markup]:
    for start, end in chart.bands:
        x = across.at(start)
        yield tag("rect", x=x, y=base - HEIGHT, width=across.at(end) - x, height=HEIGHT, class_="band")


def _guides(chart: Chart, across: Scale, up: _Up, base: float) -> Iterator[Markup]:
    for words, value in chart.limits.items():
        yield line(LEFT, up.at(value), WIDTH - RIGHT, up.at(value), "diagonal")
        yield text(words, LEFT + 4.0, up.at(value) - 4.0, "start", "muted")
    for words, value in chart.marks.items():
        yield line(across.at(value), base, across.at(value), base - HEIGHT, "diagonal")
        yield text(words, across.at(value) - 4.0, base - 6.0, "end", "muted")


def _line(xs: Sequence[float], ys: Sequence[float], across: Scale, up: _Up, colour: int) -> Iterator[Markup]:
    piece: list[str] = []
    for x, y in [*zip(xs, ys, strict=True), (0.0, float("nan"))]:
        if isfinite(y):
            piece.append(f"{across.at(x):.1f},{up.at(y):.1f}")
        elif piece:
            yield tag("polyline", points=" ".join(piece), class_=f"l l{colour}")
            piece = []
    known = [(x, y) for x, y in zip(xs, ys, strict=True) if isfinite(y)]
    for x, y in known if len(known) <= MOST_DOTS else []:
        yield tag("circle", cx=across.at(x), cy=up.at(y), r=2.5, class_=f"s{colour}")
