"""Line charts with axes, ticks, legend and, for calibration, the diagonal on which promise and truth would meet."""

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from vitrine.refresh.report import LineFigure
from vitrine.refresh.report_bars import Scale
from vitrine.refresh.report_numbers import is_drawn, tick_texts, ticks
from vitrine.refresh.report_svg import N_COLOURS, WIDTH, figure, legend, line, tag, text

HEIGHT: Final = 230.0
LEFT: Final = 62.0
RIGHT: Final = 14.0
DOT_PX: Final = 3.0
MOST_DOTS: Final = 60
"""With more points the dots would hide the line."""

Point = tuple[float, float]


def draw_lines(chart: LineFigure) -> Markup:
    """The chart as SVG; a point that is not a number is a gap."""
    series = [_points(*values) for values in chart.series.values()]
    marks, top = legend(list(chart.series), WIDTH) if len(chart.series) > 1 else ([], 4.0)
    title = f"Line chart: {chart.caption}. {chart.y_title} over {chart.x_title}"
    known = [point for points in series for point in points if point is not None]
    if not known:
        return figure([*marks, text("no data", WIDTH / 2, top + 24.0, "middle", "muted")], top + 40.0, title)
    xs, ys = [x for x, _ in known], [y for _, y in known]
    if chart.diagonal:
        xs = ys = [*xs, *ys]
    base = top + 24.0 + HEIGHT
    across = Scale(ticks(min(xs), max(xs)), LEFT, WIDTH - RIGHT)
    up = Scale(ticks(min(ys), max(ys)), base, base - HEIGHT)
    drawn = [*_grid(across, up), *_titles(chart, top, base)]
    if chart.diagonal:
        ends = across.ticks[0], across.ticks[-1]
        drawn.append(line(across.at(ends[0]), up.at(ends[0]), across.at(ends[1]), up.at(ends[1]), "diagonal"))
    for number, points in enumerate(series):
        drawn += _curve(points, across, up, number % N_COLOURS)
    return figure([*marks, *drawn], base + 42.0, title)


def _points(xs: Sequence[float], ys: Sequence[float]) -> list[Point | None]:
    """Points in the order given; None where one of the two is not a number, or missing."""
    return [(x, y) if is_drawn(x) and is_drawn(y) else None for x, y in zip(xs, ys, strict=False)]


def _grid(across: Scale, up: Scale) -> Iterator[Markup]:
    for step, words in zip(up.ticks, tick_texts(up.ticks), strict=True):
        y = up.at(step)
        yield line(across.start, y, across.end, y, "axis" if step == up.ticks[0] else "grid")
        yield text(words, across.start - 6.0, y + 4.0, "end", "muted")
    for step, words in zip(across.ticks, tick_texts(across.ticks), strict=True):
        x = across.at(step)
        yield line(x, up.start, x, up.start + 4.0, "axis")
        yield text(words, x, up.start + 17.0, "middle", "muted")


def _titles(chart: LineFigure, top: float, base: float) -> Iterator[Markup]:
    yield text(chart.y_title, 0.0, top + 12.0, "start", "muted")
    yield text(chart.x_title, (LEFT + WIDTH - RIGHT) / 2, base + 35.0, "middle", "muted")


def _curve(points: Sequence[Point | None], across: Scale, up: Scale, colour: int) -> Iterator[Markup]:
    """Pieces of the line between gaps, and dots when there are few points."""
    piece: list[str] = []
    for point in [*points, None]:
        if point is not None:
            piece.append(f"{across.at(point[0]):.1f},{up.at(point[1]):.1f}")
        elif piece:
            yield tag("polyline", points=" ".join(piece), class_=f"l l{colour}")
            piece = []
    known = [point for point in points if point is not None]
    for x, y in known if len(known) <= MOST_DOTS else []:
        yield tag("circle", cx=across.at(x), cy=up.at(y), r=DOT_PX, class_=f"s{colour}")
