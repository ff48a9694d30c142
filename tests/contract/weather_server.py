"""A weather service that replays recorded hours of three airports and misbehaves as a test says.

The hours are those of New York in 2013, moved to the present: the server's clock says which hour it is.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

RECORDED: Final = Path(__file__).parents[3] / "shared/data/weather/nyc_airports_hourly_2013.csv.gz"
AIRPORTS: Final = {"EWR": (40.69, -74.17), "JFK": (40.64, -73.78), "LGA": (40.78, -73.87)}
UNITS: Final = {
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

Spoil = Callable[[Any], Any]


@cache
def recorded_hours() -> Mapping[tuple[str, int], Mapping[str, str]]:
    """The recorded rows by airport and second of the epoch. Some hours are missing, as they are in life."""
    with gzip.open(RECORDED, "rt") as lines:
        rows = list(csv.DictReader(lines))
    return {(row["origin"], int(datetime.fromisoformat(row["time_hour"]).timestamp())): row for row in rows}


def recorded_current(airport: str, at_s: int) -> dict[str, Any] | None:
    """The `current` block of an hour in metric units, None where the recording has a gap."""
    row = recorded_hours().get((airport, at_s))
    if row is None or "NA" in (row["temp"], row["wind_speed"], row["precip"]):
        return None
    celsius = round((float(row["temp"]) - 32) / 1.8, 1)
    rain_mm = round(float(row["precip"]) * 25.4, 1)
    return {
        "time": at_s,
        "interval": 900,
        "temperature_2m": celsius,
        "apparent_temperature": celsius,
        "precipitation": rain_mm,
        "wind_speed_10m": round(float(row["wind_speed"]) * 1.609344, 1),
        "cloud_cover": 100 if rain_mm else 25,
        "weather_code": 61 if rain_mm else 1,
        "is_day": 1,
    }


class WeatherServer(ThreadingHTTPServer):
    """Answers as Open-Meteo does, in a manner: good, hang, drip, drip_head, cut, endless, chunks.

    `statuses` are given first, one a request, then 200. `spoil` changes the parsed answer, `raw` replaces its bytes.
    `asked` are the paths with queries that came, `conditions` their If-None-Match.
    """

    daemon_threads = True

    def __init__(self, now_s: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.now_s = now_s
        self.manner = "good"
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.spoil: Spoil = lambda answer: answer
        self.raw: bytes | None = None
        self.asked: list[str] = []
        self.conditions: list[str | None] = []
        self.closing = Event()

    def forecast(self, asked: Mapping[str, list[str]]) -> Any:
        """What is told of the present."""
        lats, lons = (asked[name][0].split(",") for name in ("latitude", "longitude"))
        places = [self.place(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]
        return places if len(places) > 1 else places[0]

    def place(self, lat: float, lon: float) -> dict[str, Any]:
        """The nearest airport's hour; nulls where the recording has a gap."""
        airport = min(AIRPORTS, key=lambda name: abs(AIRPORTS[name][0] - lat) + abs(AIRPORTS[name][1] - lon))
        current = recorded_current(airport, self.now_s) or dict.fromkeys(UNITS) | {"time": self.now_s}
        return {"latitude": lat, "longitude": lon, "current_units": dict(UNITS), "current": current}

    def archive(self, asked: Mapping[str, list[str]]) -> Any:
        """Whole recorded days of Newark; nulls where the recording has a gap."""
        first, last = (datetime.fromisoformat(f"{asked[name][0]}T00:00+00:00") for name in ("start_date", "end_date"))
        times = range(int(first.timestamp()), int(last.timestamp()) + 86_400, 3_600)
        found = [recorded_current("EWR", at) for at in times]
        values = [hour and hour["temperature_2m"] for hour in found]
        units = {"time": "unixtime", "temperature_2m": "°C"}
        return {"hourly_units": units, "hourly": {"time": list(times), "temperature_2m": values}}


@contextmanager
def serving(now: datetime) -> Iterator[WeatherServer]:
    """A server at the recorded hour, answering until the block ends."""
    recorded_hours()  # read before somebody waits for the first answer
    with WeatherServer(int(now.timestamp())) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers in the server's manner of the moment."""

    protocol_version = "HTTP/1.1"
    server: WeatherServer

    def do_GET(self) -> None:
        """Forecast or archive."""
        server, parts = self.server, urlsplit(self.path)
        server.asked.append(self.path)
        server.conditions.append(self.headers["If-None-Match"])
        self.close_connection = True
        if server.manner == "hang":
            server.closing.wait()
            return
        status = server.statuses.pop(0) if server.statuses else 200
        answer = (server.archive if parts.path == "/v1/archive" else server.forecast)(parse_qs(parts.query))
        body = server.raw if server.raw is not None else json.dumps(server.spoil(answer)).encode()
        etag = f'"{blake2b(body, digest_size=4).hexdigest()}"'
        if status == 200 and self.headers["If-None-Match"] == etag:
            status, body = 304, b""
        self.answer(status, etag, body)

    def answer(self, status: int, etag: str, body: bytes) -> None:
        """Send it, whole or not."""
        manner = self.server.manner
        if manner == "drip_head":
            self.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 50)
            return
        self.send_response(status)
        for name, value in {"ETag": etag, **self.server.headers}.items():
            self.send_header(name, value)
        if manner != "endless":  # then nobody knows how long it is
            self.send_header("Content-Length", str(len(body) + (1 if manner == "cut" else 0)))
        self.end_headers()
        if manner == "drip":
            self.drip(body)
        elif manner == "endless":
            self.pour(body)
        else:
            self.wfile.write(body)

    def drip(self, data: bytes) -> None:
        """Each byte resets a timeout that counts from one to the next."""
        for byte in data:
            if self.server.closing.wait(0.05):
                return
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return

    def pour(self, data: bytes) -> None:
        """Bytes without end, until the other side has had enough."""
        try:
            while not self.server.closing.is_set():
                self.wfile.write(data * 100)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""
