"""The half-hourly job: ask a weather service about the cells that have visitors, and write what it says.

Whatever fails leaves the row that is there to its own end: decisions then find it expired and know nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from vitrine import keys
from vitrine.places.normals import Normals
from vitrine.places.regions import Places
from vitrine.places.traffic import is_busy
from vitrine.places.weather import (
    MAX_AGE_MS,
    MINUTE_MS,
    TTL_MS,
    Weather,
    parse_stored,
    weather_of,
    weather_row,
)
from vitrine.ports import Clock, NoObservation, Observation, Progress, Spot, Table, Unchanged, WeatherSource
from vitrine.refresh.weather_normals import refresh_normals
from vitrine.types import Absent, Row, Rows
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 10.0
MANUAL: Final = "manual"
STAGE: Final = "weather"

Told = Observation | Unchanged | NoObservation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cell and, unless it was fetched, why."""

    kind: Literal["fetched", "unchanged", "failed", "skipped"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WeatherReport:
    """One run: the outcome of every declared cell, and of the normals that were due."""

    cells: Mapping[str, Outcome]
    normals: Mapping[str, str]
    """Cells whose normals were due: "" when they were computed, otherwise why not."""

    def count(self, kind: str) -> int:
        """How many cells came out so."""
        return sum(outcome.kind == kind for outcome in self.cells.values())

    @property
    def is_outage(self) -> bool:
        """Whether nothing at all was learned though something was asked."""
        return self.count("failed") > 0 == self.count("fetched") + self.count("unchanged")

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        if not self.cells:
            return "no weather: the store declares no place with coordinates"
        asked = [outcome for outcome in self.cells.values() if outcome.reason != QUIET.reason]
        if not asked:
            return f"no weather: none of {len(self.cells)} cells had a visitor in the last 24 hours"
        told = ", ".join(f"{self.count(kind)} {kind}" for kind in ("fetched", "unchanged", "failed", "skipped"))
        reasons = sorted({outcome.reason for outcome in asked if outcome.kind == "failed"})
        due = [reason for reason in self.normals.values() if reason]
        return "; ".join([f"weather of {len(self.cells)} cells: {told}", *reasons, *sorted(set(due))])


QUIET: Final = Outcome("skipped", "no visitor in the last 24 hours")


def refresh_weather(
    places: Places, table: Table, source: WeatherSource, clock: Clock, progress: Progress
) -> WeatherReport:
    """Fetch the weather of all declared cells with visitors, and the climate normals that they lack.

    Raises:
        DependencyFailed: the table does not answer. What the weather service does is in the report.
    """
    rows = _read(places, table)
    outcomes = {cell: _reason_to_skip(cell, rows, clock) for cell in places.cells}
    busy = [cell for cell, outcome in outcomes.items() if outcome is None]
    normals, due = refresh_normals(busy, places, rows, table, source, clock)
    spots = [_spot(cell, places, rows) for cell in busy]
    told = source.current(spots) if spots else {}
    for done, cell in enumerate(busy, 1):
        outcomes[cell] = _write(cell, told[cell], rows[keys.weather(cell)], normals.get(cell), table, source, clock)
        progress(STAGE, done, len(busy))
    return WeatherReport({cell: outcome or QUIET for cell, outcome in outcomes.items()}, due)


def _read(places: Places, table: Table) -> Rows:
    wanted = [of(cell) for cell in places.cells for of in (keys.weather_traffic, keys.weather, keys.weather_normal)]
    return table.read(wanted, READ_TIMEOUT_S, latest=True) if wanted else {}


def _reason_to_skip(cell: str, rows: Rows, clock: Clock) -> Outcome | None:
    """Why a cell is not asked about, None when it is."""
    now = clock()
    traffic, row = rows[keys.weather_traffic(cell)], rows[keys.weather(cell)]
    if Absent.NOT_READ in (traffic, row):
        return Outcome("failed", "its rows could not be read from the table")
    if not is_busy(traffic, now):
        return QUIET
    stored = parse_stored(row)
    is_set = stored is not None and stored.weather.source == MANUAL
    if is_set and stored is not None and not stored.is_expired(int(now.timestamp() * 1000)):
        return Outcome("skipped", "an operator has set its weather")
    return None


def _spot(cell: str, places: Places, rows: Rows) -> Spot:
    lat, lon = places.cells[cell]
    stored = parse_stored(rows[keys.weather(cell)])
    return Spot(cell, lat, lon, stored.validator if stored else None)


def _write(
    cell: str,
    told: Told,
    row: Row | Absent,
    normals: Normals | None,
    table: Table,
    source: WeatherSource,
    clock: Clock,
) -> Outcome:
    """Bring what the service told of a cell into the table, if it may be believed."""
    now = clock()
    now_ms = int(now.timestamp() * 1000)
    match told:
        case NoObservation(reason):
            return Outcome("failed", reason)
        case Observation():
            weather = weather_of(told, told.source or source.name, None)
            validator, kind = told.validator, Outcome("fetched")
        case Unchanged():
            stored = parse_stored(row)
            if stored is None:
                return Outcome("failed", "it says unchanged of weather that we do not have")
            age_ms = now_ms - stored.weather.observed_ms
            if age_ms > MAX_AGE_MS:
                return Outcome("failed", f"unchanged, but {age_ms // MINUTE_MS} minutes old")
            weather, validator, kind = stored.weather, stored.validator, Outcome("unchanged")
    anomaly_c = weather.anomaly_c if normals is None else normals.anomaly_of(weather.temperature_c, weather.observed_ms)
    weather = replace(weather, anomaly_c=anomaly_c)
    return kind if put_weather(table, cell, weather, row, weather.observed_ms + TTL_MS, validator) else OVERTAKEN


OVERTAKEN: Final = Outcome("skipped", "somebody else wrote its weather meanwhile")


def put_weather(
    table: Table, cell: str, weather: Weather, row: Row | Absent, expires_ms: int, validator: str | None = None
) -> bool:
    """Write a cell's weather in place of the row that was read; False when somebody else wrote meanwhile.

    A damaged row, which has no revision to compare, is overwritten.
    """
    key = keys.weather(cell)
    rev = None if isinstance(row, Absent) else row.get("rev")
    known = rev if type(rev) is int else None
    written = weather_row(weather, expires_ms, (known or 0) + 1, validator)
    if known is None and not isinstance(row, Absent):
        return table.write([(key, written)]) == 1
    return table.replace(key, written, known)
