"""Sections of a report as lines of text: verdicts and tables, for a terminal. Charts are for the page."""

from collections.abc import Iterator, Sequence

from vitrine.refresh.report import Cell, Section, TableFigure


def section_lines(sections: Sequence[Section]) -> Iterator[str]:
    """Each section's title and verdict, then its tables."""
    for section in sections:
        yield f"{section.title}: {section.verdict}"
        for figure in section.figures:
            if isinstance(figure, TableFigure):
                yield f"  {figure.caption}"
                yield from _table(figure)


def _table(figure: TableFigure) -> Iterator[str]:
    rows = [list(figure.heads), *([_cell(cell) for cell in row] for row in figure.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1_000.0 else f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
