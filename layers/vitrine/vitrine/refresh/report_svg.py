"""Pieces of SVG as strings in which every text is escaped."""

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 440.0
"""Of every chart, in its own units. A phone shows it at three quarters, where 13 px are still readable."""
CHAR_PX: Final = 7.5
"""Mean width of a character at the charts' 13 px in a wide font; labels in another one have room to spare."""
LEGEND_LINE: Final = 20.0
N_COLOURS: Final = 6


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element. Children that are not markup are escaped; `_` in an attribute's name is `-`, at its end nothing."""
    written = [Markup(' {}="{}"').format(_attribute(key), _value(value)) for key, value in attributes.items()]
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), _joined(written), _joined(children))  # noqa: S704


def _joined(parts: Iterable[str]) -> Markup:
    return Markup("").join(parts)


def _attribute(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}"


def text(words: str, x: float, y: float, anchor: str = "start", kind: str = "label") -> Markup:
    """Words at a place; `anchor` says which end of them is there."""
    return tag("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def shorten(label: str, width: float) -> str:
    """The label, cut in its middle if it is wider than so many pixels: ends tell paths and names apart."""
    room = max(int(width / CHAR_PX), 3)
    if len(label) <= room:
        return label
    tail = (room - 1) // 2
    return f"{label[: room - 1 - tail]}…{label[len(label) - tail :]}"


def legend(names: Sequence[str], width: float) -> tuple[list[Markup], float]:
    """Marks and names of series in as many rows as they need, from the top; and the height they take."""
    x, y = 0.0, 14.0
    marks: list[Markup] = []
    for index, name in enumerate(names):
        shown = shorten(name, width - 30.0)
        needed = 30.0 + len(shown) * CHAR_PX
        if x and x + needed > width:
            x, y = 0.0, y + LEGEND_LINE
        marks.append(tag("rect", x=x, y=y - 10.0, width=11.0, height=11.0, rx=2.0, class_=f"s{index % N_COLOURS}"))
        marks.append(text(shown, x + 16.0, y))
        x += needed
    return marks, y + 12.0


def figure(children: Iterable[str], height: float, title: str) -> Markup:
    """The whole drawing, scaled to the room there is; `title` is what a screen reader says."""
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return tag("svg", tag("title", escape(title)), *children, viewBox=box, role="img", aria_label=title)
