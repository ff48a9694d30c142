"""Weather that an operator sets: for a demonstration, or where a service is wrong. It ends by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed
from vitrine.places.normals import parse_normals
from vitrine.places.weather import Weather, parse_stored
from vitrine.ports import Table
from vitrine.refresh.weather import MANUAL, READ_TIMEOUT_S, put_weather

ATTEMPTS: Final = 3
CLEAR, RAIN, SNOW = 0, 63, 73


def plain_code(temperature_c: float, precipitation_mm: float) -> int:
    """A WMO code that fits what was said: clear, moderate rain or moderate snow."""
    if precipitation_mm <= 0:
        return CLEAR
    return RAIN if temperature_c > 0 else SNOW


def set_weather(table: Table, cells: Iterable[str], weather: Weather, lasts: timedelta) -> None:
    """Write the weather of each cell until `lasts` is over. An anomaly of None is told from the cell's normals.

    Raises:
        DependencyFailed: the table does not answer, or others write the same rows again and again.
    """
    expires_ms = weather.observed_ms + round(lasts.total_seconds() * 1000)
    for cell in cells:
        if not any(_set(table, cell, weather, expires_ms) for _ in range(ATTEMPTS)):
            raise DependencyFailed("table", f"others write the weather of {cell} at the same time; try again")


def _set(table: Table, cell: str, weather: Weather, expires_ms: int) -> bool:
    """One attempt, over the row as it is now."""
    now, normal = keys.weather(cell), keys.weather_normal(cell)
    rows = table.read([now, normal], READ_TIMEOUT_S, latest=True)
    stored = parse_normals(rows[normal])
    if weather.anomaly_c is None and stored is not None:
        anomaly_c = stored.normals.anomaly_of(weather.temperature_c, weather.observed_ms)
        weather = replace(weather, anomaly_c=anomaly_c)
    return put_weather(table, cell, weather, rows[now], expires_ms)


def clear_weather(table: Table, cells: Sequence[str]) -> Sequence[str]:
    """Delete what operators have set; the cells that had such a row. What a service said stays."""
    rows = table.read([keys.weather(cell) for cell in cells], READ_TIMEOUT_S, latest=True)
    parsed = {cell: parse_stored(rows[keys.weather(cell)]) for cell in cells}
    manual = [cell for cell, stored in parsed.items() if stored is not None and stored.weather.source == MANUAL]
    table.delete([keys.weather(cell) for cell in manual])
    return manual
