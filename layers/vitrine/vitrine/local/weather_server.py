"""A weather service on loopback that speaks Open-Meteo's API and SIMULATES what it says; see `weather_formula`.

Every answer carries `"simulated": true`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from vitrine.local.weather_formula import HOUR_S, simulate, temperature_c

INTERVAL_S: Final = 900
MAX_DAYS: Final = 366 * 20
UNITS: Final[Mapping[str, str]] = {
    "time": "unixtime",
    "interval": "seconds",
    "temperature_2m": "°C",
    "apparent_temperature": "°C",
    "precipitation": "mm",
    "wind_speed_10m": "km/h",
    "cloud_cover": "%",
    "weather_code": "wmo code",
    "is_day": "",
}


class WeatherServer:
    """Serves simulated weather on 127.0.0.1 while it is entered: `with WeatherServer() as server: server.url`."""

    def __init__(self, port: int = 0, seed: str = "vitrine", clock: Callable[[], float] = time.time) -> None:
        """`port` 0 takes a free one; `clock` gives seconds since the epoch."""
        self._server = _Server(port, seed, clock)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Answer from now on, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more and close the port."""
        if self._thread.is_alive():  # shutting down a server that never served would wait for ever
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, seed: str, clock: Callable[[], float]) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.seed = seed
        self.clock = clock


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer /v1/forecast and /v1/archive."""
        parts = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        answers = {"/v1/forecast": self._forecast, "/v1/archive": self._archive}
        if parts.path not in answers:
            self._send(404, {"error": True, "reason": "there is no such path"})
            return
        try:
            self._send(200, answers[parts.path](asked))
        except (KeyError, ValueError) as error:
            self._send(400, {"error": True, "reason": f"cannot answer this: {error!r}"})

    def _forecast(self, asked: Mapping[str, str]) -> object:
        now_s = int(self.server.clock()) // INTERVAL_S * INTERVAL_S
        places = [current(lat, lon, now_s, self.server.seed) for lat, lon in _positions(asked)]
        return places if len(places) > 1 else places[0]

    def _archive(self, asked: Mapping[str, str]) -> object:
        first, last = date.fromisoformat(asked["start_date"]), date.fromisoformat(asked["end_date"])
        places = [archive(lat, lon, first, last, self.server.seed) for lat, lon in _positions(asked)]
        return places if len(places) > 1 else places[0]

    def _send(self, status: int, answer: object) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the demo's log is for what people look for."""


def current(lat: float, lon: float, at_s: int, seed: str) -> Mapping[str, Any]:
    """The present at a position as Open-Meteo would tell it."""
    weather = simulate(lat, lon, at_s, seed)
    values = {
        "time": at_s,
        "interval": INTERVAL_S,
        "temperature_2m": weather.temperature_c,
        "apparent_temperature": weather.feels_like_c,
        "precipitation": weather.precipitation_mm,
        "wind_speed_10m": weather.wind_kmh,
        "cloud_cover": weather.cloud_pct,
        "weather_code": weather.code,
        "is_day": int(weather.is_day),
    }
    return {"latitude": lat, "longitude": lon, "simulated": True, "current_units": UNITS, "current": values}


def archive(lat: float, lon: float, first: date, last: date, seed: str) -> Mapping[str, Any]:
    """Hourly temperatures of some days as Open-Meteo would tell them.

    Raises:
        ValueError: they are in the wrong order or too many.
    """
    if not 0 <= (last - first).days < MAX_DAYS:
        raise ValueError(f"from {first} to {last}")
    times = list(_hours(first, last))
    values = [round(temperature_c(lat, lon, at_s, seed), 1) for at_s in times]
    units = {name: UNITS[name] for name in ("time", "temperature_2m")}
    hourly = {"time": times, "temperature_2m": values}
    return {"latitude": lat, "longitude": lon, "simulated": True, "hourly_units": units, "hourly": hourly}


def _hours(first: date, last: date) -> Iterator[int]:
    start = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    hours = ((last - first) + timedelta(days=1)) // timedelta(hours=1)
    return (start + n * HOUR_S for n in range(hours))


def _positions(asked: Mapping[str, str]) -> list[tuple[float, float]]:
    """The positions asked for.

    Raises:
        ValueError: as many latitudes as longitudes are needed, on the globe.
    """
    lats, lons = ([float(text) for text in asked[name].split(",")] for name in ("latitude", "longitude"))
    positions = list(zip(lats, lons, strict=True))
    if not all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in positions):
        raise ValueError("a position is not on the globe")
    return positions
