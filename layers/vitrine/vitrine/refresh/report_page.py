"""A report as one HTML page that needs nothing else: style and charts lie inside, and no script runs.

On top stands a list of contents with every section's verdict, for who reads nothing else. Every chart has its numbers
as a table beneath, folded: whoever cannot see the chart, or wants the exact figure, finds them there.
"""

from collections.abc import Sequence
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from vitrine.refresh.report import BarFigure, Cell, Figure, LineFigure, Section, TableFigure, Tone
from vitrine.refresh.report_bars import draw_bars
from vitrine.refresh.report_lines import draw_lines
from vitrine.refresh.report_numbers import cell_text
from vitrine.refresh.report_style import STYLE
from vitrine.values import dataclass

LATEST: Final = "reports/latest.html"
"""Name of the copy of the newest report."""

TONES: Final[dict[Tone, str]] = {"good": "✓ good", "warning": "! look at", "bad": "✕ bad", "plain": "· for note"}
"""A sign and a word beside the colour, which not everybody sees."""

WIDE: Final = 3
"""A table of more columns takes the whole width of the page."""
MOST_NUMBERS: Final = 200
"""Rows beneath a chart; a longer line is better asked of the data."""

PAGE: Final = """\
{%- macro table(drawn) -%}
<div class="scroll" tabindex="0" role="region" aria-label="{{ drawn.caption }}"><table>
<thead><tr>{% for head in drawn.heads %}<th scope="col"{{ drawn.mark(loop.index0) }}>{{ head }}</th>{% endfor %}</tr>
</thead><tbody>
{% for row in drawn.rows %}<tr>
{%- for cell in row %}
{%- if loop.first and not drawn.is_number(0) %}<th scope="row">{{ cell }}</th>
{%- else %}<td{{ drawn.mark(loop.index0) }}>{{ cell }}</td>{% endif %}
{%- endfor %}</tr>
{% endfor %}</tbody></table></div>
{%- if not drawn.rows %}<p class="none">none</p>{% endif %}
{%- endmacro -%}
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<header><h1>{{ title }}</h1><p>{{ subtitle }}</p></header>
<nav aria-label="Contents"><ol>
{% for section in sections %}<li><span class="tone {{ section.tone }}">{{ tones[section.tone] }}</span>
<div><a href="#s{{ loop.index }}">{{ section.title }}</a><br>{{ section.verdict }}</div></li>
{% endfor %}</ol></nav>
{% if not sections %}<p class="none">There is nothing to report.</p>{% endif %}
<main>
{% for section in sections %}<section id="s{{ loop.index }}" aria-labelledby="h{{ loop.index }}">
<h2 id="h{{ loop.index }}">{{ section.title }}</h2>
<span class="tone {{ section.tone }}">{{ tones[section.tone] }}</span>
<p class="verdict">{{ section.verdict }}</p>
{% if section.figures %}<div class="figures">
{% for figure in section.figures %}{% set drawn = draw(figure) %}<figure{% if drawn.is_wide %} class="wide"{% endif %}>
<figcaption>{{ drawn.table.caption }}</figcaption>
{% if drawn.svg %}{{ drawn.svg }}
<details><summary>Numbers</summary>{{ table(drawn.table) }}</details>
{% else %}{{ table(drawn.table) }}{% endif %}</figure>
{% endfor %}</div>{% endif %}
</section>
{% endfor %}</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """Cells as texts, all rows as long as the heads; `numeric` says which columns hold numbers only."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]

    def is_number(self, column: int) -> bool:
        """Whether the column's cells stand to the right."""
        return column < len(self.numeric) and self.numeric[column]

    def mark(self, column: int) -> Markup:
        """The attribute of a cell in this column."""
        return Markup(' class="number"') if self.is_number(column) else Markup("")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A figure as the page shows it: a chart with its table folded, or a table alone."""

    table: _Table
    svg: Markup | None = None

    @property
    def is_wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.svg is None and len(self.table.heads) > WIDE


def page_name(release: str) -> str:
    """Where the report of a release lies among the releases' objects."""
    return f"reports/{release}.html"


def render(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """The page. Whatever the texts hold is shown as text."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(PAGE)
    return page.render(title=title, subtitle=subtitle, sections=sections, style=STYLE, tones=TONES, draw=_draw)


def _draw(figure: Figure) -> _Drawn:
    match figure:
        case TableFigure():
            return _Drawn(_table(figure))
        case BarFigure():
            return _Drawn(_table(_bar_numbers(figure)), draw_bars(figure))
        case LineFigure():
            return _Drawn(_table(_line_numbers(figure)), draw_lines(figure))


def _table(figure: TableFigure) -> _Table:
    width = max([len(figure.heads), *map(len, figure.rows)])
    rows = [[*row, *[None] * (width - len(row))] for row in figure.rows]
    heads = [*figure.heads, *[""] * (width - len(figure.heads))]
    numeric = [_is_numeric([row[column] for row in rows]) for column in range(width)]
    return _Table(figure.caption, heads, [[cell_text(cell) for cell in row] for row in rows], numeric)


def _is_numeric(column: Sequence[Cell]) -> bool:
    known = [cell for cell in column if cell is not None]
    return bool(known) and not any(isinstance(cell, str) for cell in known)


def _bar_numbers(figure: BarFigure) -> TableFigure:
    unit = f" ({figure.unit})" if figure.unit else ""
    series = [[*values, *[None] * (len(figure.labels) - len(values))] for values in figure.series.values()]
    rows = [(label, *(values[index] for values in series)) for index, label in enumerate(figure.labels)]
    return TableFigure(figure.caption, ["", *(name + unit for name in figure.series)], rows[:MOST_NUMBERS])


def _line_numbers(figure: LineFigure) -> TableFigure:
    rows: list[tuple[Cell, ...]] = []
    for name, (xs, ys) in figure.series.items():
        rows += [(name, x, y) for x, y in zip(xs, ys, strict=False)]
    return TableFigure(figure.caption, ["series", figure.x_title, figure.y_title], rows[:MOST_NUMBERS])
