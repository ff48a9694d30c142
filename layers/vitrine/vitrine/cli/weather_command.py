"""`vitrine weather`: the weather of the store's places, and what an operator may do about it."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from vitrine import keys
from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target, find_settings
from vitrine.places.calendar import local_time
from vitrine.places.regions import Places
from vitrine.places.traffic import is_busy
from vitrine.places.weather import MAX_LIFE_MS, MINUTE_MS, Stored, Weather, faults_of, parse_stored
from vitrine.refresh.manual_weather import clear_weather, plain_code, set_weather
from vitrine.refresh.weather import MANUAL, READ_TIMEOUT_S
from vitrine.types import Absent
from vitrine.wiring.weather import WeatherDesk, build_weather_desk

DAYLIGHT: Final = range(6, 20)
"""Hours of the day that count as light when an operator sets the weather."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions; without one it shows."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    showing = actions.add_parser("show", help="cells with their weather, its age, anomaly and visitors (the default)")
    refreshing = actions.add_parser("refresh", help="do now what the schedule does")
    setting = actions.add_parser("set", help="set the weather of a region by hand, for a while")
    setting.add_argument("--region", required=True)
    setting.add_argument("--temperature", required=True, type=float, metavar="C")
    setting.add_argument("--feels-like", type=float, metavar="C", help="(default: the temperature)")
    setting.add_argument("--rain", type=float, default=0.0, metavar="MM", help="rain or snow of the last hour")
    setting.add_argument("--wind", type=float, default=0.0, metavar="KMH")
    setting.add_argument("--cloud", type=int, metavar="PERCENT", help="(default: 100 with rain, else 0)")
    setting.add_argument("--code", type=int, help="WMO code (default: clear, rain or snow, as the rest says)")
    setting.add_argument("--anomaly", type=float, metavar="C", help="(default: against the climate normal, if known)")
    setting.add_argument("--for", dest="lasts", type=duration, default=timedelta(hours=1), metavar="60m")
    clearing = actions.add_parser("clear", help="take back what was set by hand")
    clearing.add_argument("--region", required=True)
    add_target(parser, showing, refreshing, setting, clearing)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0, or 1 when something was refused or failed."""
    return act(build_weather_desk(find_settings(arguments)), arguments)


def act(desk: WeatherDesk, arguments: argparse.Namespace) -> int:
    """The chosen action on a stack's places, table and weather service; the exit code."""
    match arguments.action:
        case "set":
            return _set(desk, arguments)
        case "clear":
            return _clear(desk, arguments.region)
        case "refresh":
            return _refresh(desk)
    for line in table_lines(desk):
        print(line)
    return 0


def duration(text: str) -> timedelta:
    """A time such as 90m or 2h.

    Raises:
        argparse.ArgumentTypeError: it is not of this form, nothing, or longer than a day.
    """
    found = re.fullmatch(r"(\d{1,5})(m|h)", text, re.ASCII)
    minutes = int(found[1]) * (60 if found[2] == "h" else 1) if found else 0
    if not 0 < minutes * MINUTE_MS <= MAX_LIFE_MS:
        raise argparse.ArgumentTypeError("write minutes or hours up to a day, such as 90m or 2h")
    return timedelta(minutes=minutes)


def table_lines(desk: WeatherDesk) -> Iterator[str]:
    """One line per cell."""
    cells = desk.places.cells
    wanted = [of(cell) for cell in cells for of in (keys.weather, keys.weather_traffic)]
    rows = desk.table.read(wanted, READ_TIMEOUT_S) if wanted else {}
    now = desk.clock()
    for cell in sorted(cells):
        row, traffic = rows[keys.weather(cell)], rows[keys.weather_traffic(cell)]
        said = "could not be read" if row is Absent.NOT_READ else _state(parse_stored(row), int(now.timestamp() * 1000))
        visitors = "visitors" if is_busy(traffic, now) else "quiet"
        yield f"{cell:<13} {visitors:<9} {said:<70} {', '.join(_named(desk.places, cell))}"


def _state(stored: Stored | None, now_ms: int) -> str:
    if stored is None:
        return "unknown"
    weather, age = stored.weather, (now_ms - stored.weather.observed_ms) // MINUTE_MS
    anomaly = "no normal" if weather.anomaly_c is None else f"{weather.anomaly_c:+.1f} against normal"
    expired = ", EXPIRED" if stored.is_expired(now_ms) else ""
    return f"{weather.temperature_c:.1f} °C {weather.condition}, {anomaly}, {age} min old, {weather.source}{expired}"


def _named(places: Places, cell: str) -> Sequence[str]:
    return [region for region in places.regions if cell in places.cells_of_region(region)]


def _set(desk: WeatherDesk, arguments: argparse.Namespace) -> int:
    cells = _cells(desk.places, arguments.region)
    weather = _weather(desk, arguments)
    faults = faults_of(weather)
    for fault in faults:
        print(f"vitrine weather: {fault}", file=sys.stderr)
    if faults or not cells:
        return 1
    set_weather(desk.table, cells, weather, arguments.lasts)
    minutes = int(arguments.lasts.total_seconds() // 60)
    said = f"{weather.temperature_c:.1f} °C {weather.condition} for {minutes} minutes"
    print(f"{len(cells)} cells of {arguments.region}: {said}")
    return 0


def _weather(desk: WeatherDesk, arguments: argparse.Namespace) -> Weather:
    now = desk.clock()
    region = desk.places.regions.get(arguments.region)
    hour = local_time(now, region.timezone if region else "UTC").hour
    given = arguments.code
    feels_like = arguments.temperature if arguments.feels_like is None else arguments.feels_like
    cloud = (100 if arguments.rain > 0 else 0) if arguments.cloud is None else arguments.cloud
    return Weather(
        temperature_c=arguments.temperature,
        feels_like_c=feels_like,
        precipitation_mm=arguments.rain,
        wind_kmh=arguments.wind,
        cloud_pct=cloud,
        code=plain_code(arguments.temperature, arguments.rain) if given is None else given,
        anomaly_c=arguments.anomaly,
        is_day=hour in DAYLIGHT,
        observed_ms=int(now.timestamp() * 1000),
        source=MANUAL,
    )


def _clear(desk: WeatherDesk, region: str) -> int:
    cells = _cells(desk.places, region)
    if not cells:
        return 1
    cleared = clear_weather(desk.table, cells)
    print(f"{len(cleared)} of {len(cells)} cells of {region} had weather set by hand; it is cleared")
    return 0


def _refresh(desk: WeatherDesk) -> int:
    with show_progress() as progress:
        report = desk.refresh(progress)
    print(report.summary)
    return 1 if report.is_outage else 0


def _cells(places: Places, region: str) -> Sequence[str]:
    """The region's cells; none, and a line that says so, when there are none."""
    cells = sorted(places.cells_of_region(region))
    if not cells:
        known = ", ".join(places.regions) or "none"
        print(f"vitrine weather: there is no region {region!r} with coordinates; regions: {known}", file=sys.stderr)
    return cells
