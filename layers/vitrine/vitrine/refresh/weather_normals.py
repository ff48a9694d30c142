"""Climate normals of the cells that have visitors: computed from the archive once a quarter, a few a run."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed, TooLittleData
from vitrine.places.normals import Normals, normals_of, normals_row, parse_normals
from vitrine.places.regions import Places
from vitrine.ports import Clock, Table, WeatherSource
from vitrine.types import DAY_MS, Rows

YEARS: Final = 5
MAX_AGE_MS: Final = 90 * DAY_MS
MAX_PER_RUN: Final = 8
"""Five years of hours are a megabyte and a few seconds of the archive's time."""
TURN_S: Final = 1_800


def refresh_normals(
    cells: Sequence[str], places: Places, rows: Rows, table: Table, source: WeatherSource, clock: Clock
) -> tuple[Mapping[str, Normals], Mapping[str, str]]:
    """Normals of the cells as far as they are known, and for each cell whose normals were due "" or why there are none.

    Old ones serve until new ones are there. After the archive has failed once it is left alone until the next run,
    which begins with another cell.
    """
    now = clock()
    now_ms = int(now.timestamp() * 1000)
    stored = {cell: parse_normals(rows[keys.weather_normal(cell)]) for cell in cells}
    known = {cell: one.normals for cell, one in stored.items() if one is not None}
    is_due = {cell: one is None or now_ms - one.computed_ms > MAX_AGE_MS for cell, one in stored.items()}
    told: dict[str, str] = {}
    for cell in _in_turn([cell for cell in cells if is_due[cell]], now)[:MAX_PER_RUN]:
        try:
            known[cell] = _compute(places.cells[cell], source, now)
        except (DependencyFailed, TooLittleData) as error:
            told[cell] = f"no normals: {error}"
            break
        table.write([(keys.weather_normal(cell), normals_row(known[cell], now_ms))])
        told[cell] = ""
    return known, told


def _in_turn(cells: Sequence[str], now: datetime) -> Sequence[str]:
    """The cells beginning with another one each half hour, so that one bad cell does not starve the others."""
    first = int(now.timestamp()) // TURN_S % len(cells) if cells else 0
    return [*cells[first:], *cells[:first]]


def _compute(position: tuple[float, float], source: WeatherSource, now: datetime) -> Normals:
    """Normals over the last full calendar years."""
    first, last = date(now.year - YEARS, 1, 1), date(now.year - 1, 12, 31)
    return normals_of(source.history(*position, first, last))
