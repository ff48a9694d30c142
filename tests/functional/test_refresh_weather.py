"""The weather function: its real event through the handler, a loopback service behind it, rows in the table."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.weather_server import RECORDED, WeatherServer, recorded_current, serving
from tests.functional.handlers import CONTEXT, ROOT, load_handler, recorded_event
from vitrine import keys
from vitrine.adapters.http_get import Patience, get
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.open_meteo import OpenMeteo
from vitrine.api.store_folder import compile_store
from vitrine.cli import weather_command
from vitrine.decisions.release import STORE, Manifest, Part, Pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.local.weather_formula import simulate
from vitrine.local.weather_server import WeatherServer as Simulated
from vitrine.places.normals import parse_normals
from vitrine.places.regions import Places, Region, Shop
from vitrine.places.traffic import mark_traffic
from vitrine.places.weather import TTL_MS, Weather, faults_of, parse_stored, parse_weather
from vitrine.refresh.weather_normals import MAX_PER_RUN
from vitrine.settings import Settings
from vitrine.types import Absent
from vitrine.wiring.weather import WeatherDesk, load_places

HOUR = datetime(2013, 7, 18, 19, tzinfo=UTC)  # of a recorded heat wave
HASTY = Patience(connect_s=1.0, read_s=0.5, attempt_s=1.0, total_s=2.0, attempts=1, pause=lambda _: None)
SLOW = Patience(read_s=20.0, attempt_s=30.0, total_s=60.0, attempts=1)
NEWARK, QUEENS, QUIET = "40.5_-74.0", "41.0_-74.0", "10.0_10.0"
PLACES = Places(
    {
        "jersey": Region("jersey", "America/New_York", lat=40.69, lon=-74.17),
        "city": Region("city", "America/New_York", lat=40.78, lon=-73.87),
    },
    (Shop("far", {"en": "Far"}, 10.0, 10.0, "city"),),
)

recorded = pytest.mark.skipif(not RECORDED.exists(), reason=f"the recorded hours are not there: {RECORDED}")


@dataclass
class Run:
    """The function over a table in memory, at an instant that a test moves."""

    url: str
    now: datetime
    places: Places = PLACES
    table: MemoryTable = field(default_factory=MemoryTable)
    patience: Patience = HASTY

    def __post_init__(self) -> None:
        self.desk = WeatherDesk(
            self.places, self.table, OpenMeteo(self.url, self.url, self.clock, "", self.patience), self.clock
        )

    def clock(self) -> datetime:
        """The instant."""
        return self.now

    def serve(self, *cells: str) -> None:
        """Visitors of these cells are served now."""
        for cell in cells:
            mark = mark_traffic(cell, self.table.rows.get(keys.weather_traffic(cell), Absent.MISSING), self.now)
            if mark is not None:
                assert self.table.replace(*mark)

    def invoke(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
        """What the handler answers to the schedule."""
        module = load_handler("refresh_weather")
        monkeypatch.setattr(module, "service", lambda: self.desk)
        answer: dict[str, int] = module.handler(recorded_event("refresh_weather"), CONTEXT)
        return answer

    def refresh(self):
        """The report of one run."""
        return self.desk.refresh(lambda *_: None)

    def weather(self, cell: str):
        """What a decision would believe at this instant."""
        return parse_weather(self.table.rows.get(keys.weather(cell), Absent.MISSING), self.now)


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """The recorded hours."""
    with serving(HOUR) as server:
        yield server


@pytest.fixture
def run(server: WeatherServer) -> Run:
    """The function with visitors in two of three cells."""
    run = Run(server.url, HOUR + timedelta(minutes=2))
    run.serve(NEWARK, QUEENS)
    return run


@pytest.fixture
def simulated() -> Iterator[Run]:
    """The function with the demo's service, which knows past years, too."""
    now = datetime(2026, 7, 4, 18, 5, tzinfo=UTC)
    run: list[Run] = []
    with Simulated(clock=lambda: run[0].now.timestamp()) as server:
        run.append(Run(server.url, now, patience=SLOW))
        run[0].serve(NEWARK)
        yield run[0]


def answer(fetched=0, unchanged=0, failed=0, skipped=0):
    """What the handler answers."""
    return {"fetched": fetched, "unchanged": unchanged, "failed": failed, "skipped": skipped}


@recorded
def test_only_cells_with_visitors_are_asked_about(server, run, monkeypatch):
    """Two are fetched in one request; the third had no visitor."""
    assert run.invoke(monkeypatch) == answer(fetched=2, skipped=1)
    hour = recorded_current("EWR", server.now_s)
    assert run.weather(NEWARK).temperature_c == hour["temperature_2m"]
    assert run.weather(NEWARK).source == "open-meteo"
    assert run.weather(QUIET) is None
    assert sum("/v1/forecast" in path for path in server.asked) == 1


@recorded
def test_a_first_run_without_visitors_fetches_nothing_and_says_so(server):
    """Nobody pays for the weather of places that nobody visits; a day after the last visitor it is quiet again."""
    run = Run(server.url, HOUR)
    assert run.refresh().summary == "no weather: none of 3 cells had a visitor in the last 24 hours"
    run.serve(NEWARK)
    run.now += timedelta(hours=24)
    assert run.refresh().count("skipped") == 3
    assert server.asked == []
    nowhere = Run(server.url, HOUR, Places())
    assert nowhere.refresh().summary == "no weather: the store declares no place with coordinates"


@recorded
@pytest.mark.parametrize(
    ("misbehave", "says"),
    [
        ({"manner": "hang"}, "silent"),
        ({"manner": "drip"}, "no whole answer"),
        ({"statuses": [500] * 9}, "HTTP 500"),
        ({"statuses": [429] * 9}, "HTTP 429"),
        ({"raw": b"<html>"}, "it is not JSON"),
        ({"raw": b"[]"}, "instead of 2"),
        ({"raw": b"x" * 300_000}, "larger than"),
        ({"statuses": [404] * 9}, "HTTP 404"),
    ],
)
def test_a_failure_leaves_the_old_row_to_its_end(server, run, monkeypatch, misbehave, says):
    """The last observation serves until its time is over, then nothing is known; the schedule sees the error."""
    run.refresh()
    before = dict(run.table.rows)
    expires = HOUR + timedelta(milliseconds=TTL_MS)
    known = run.weather(NEWARK)
    server.now_s += 3_600
    run.now += timedelta(hours=1)
    for name, value in misbehave.items():
        setattr(server, name, value)
    with pytest.raises(DependencyFailed, match=says):
        run.invoke(monkeypatch)
    assert {key: row for key, row in run.table.rows.items() if key.sk == "NOW"} == {
        key: row for key, row in before.items() if key.sk == "NOW"
    }
    assert run.weather(NEWARK) == known
    run.now = expires - timedelta(milliseconds=1)
    assert run.weather(NEWARK) == known
    run.now = expires
    assert run.weather(NEWARK) is None


@recorded
def test_one_bad_cell_is_told_and_the_other_served(server, run, monkeypatch):
    """No error for the schedule, a line in the report."""

    def in_inches(told):
        told[0]["current_units"]["precipitation"] = "inch"
        return told

    server.spoil = in_inches
    report = run.refresh()
    assert report.cells[NEWARK].reason == "precipitation is in 'inch' instead of mm"
    assert report.cells[NEWARK].reason in report.summary
    assert run.weather(NEWARK) is None
    assert run.weather(QUEENS) is not None
    assert run.invoke(monkeypatch)["failed"] == 1


@recorded
def test_an_unchanged_answer_makes_no_observation_younger(server, run):
    """Nothing but its revision changes, and its time is over when it would have been without the answer."""
    run.refresh()
    first = parse_stored(run.table.rows[keys.weather(NEWARK)])
    run.now += timedelta(minutes=30)
    assert run.refresh().cells[NEWARK].kind == "unchanged"
    second = parse_stored(run.table.rows[keys.weather(NEWARK)])
    assert second.weather == first.weather
    assert (second.expires_ms, second.rev) == (first.expires_ms, first.rev + 1)
    run.now = HOUR + timedelta(hours=2, minutes=1)
    assert run.refresh().cells[NEWARK].reason == "unchanged, but 121 minutes old"
    assert parse_stored(run.table.rows[keys.weather(NEWARK)]) == second
    assert run.weather(NEWARK) is None


@recorded
@pytest.mark.parametrize("late", [timedelta(minutes=1), timedelta(minutes=75), timedelta(minutes=119)])
def test_weather_is_believed_by_its_own_age(server, run, late):
    """Not by when it was fetched: two hours after it was observed nothing is known, however late it came."""
    run.now = HOUR + late
    assert run.refresh().cells[NEWARK].kind == "fetched"
    run.now = HOUR + timedelta(milliseconds=TTL_MS - 1)
    assert run.weather(NEWARK).observed_ms == HOUR.timestamp() * 1000
    run.now = HOUR + timedelta(milliseconds=TTL_MS)
    assert run.weather(NEWARK) is None


@recorded
def test_what_an_operator_set_stands_until_its_time_is_over(server, run):
    """The service is not even asked about it; afterwards it is again."""
    assert act(run, "set", "--region", "jersey", "--temperature", "-10", "--for", "45m") == 0
    assert run.refresh().cells[NEWARK].reason == "an operator has set its weather"
    assert run.weather(NEWARK).temperature_c == -10
    run.now += timedelta(minutes=45)
    assert run.weather(NEWARK) is None
    assert run.refresh().cells[NEWARK].kind == "fetched"
    assert run.weather(NEWARK).temperature_c > 30


@recorded
def test_an_operator_who_writes_meanwhile_is_not_overwritten(server, run):
    """While the service answers, the weather is set by hand: the answer comes too late."""

    def set_meanwhile(told):
        act(run, "set", "--region", "jersey", "--temperature", "-10")
        return told

    server.spoil = set_meanwhile
    assert run.refresh().cells[NEWARK].reason == "somebody else wrote its weather meanwhile"
    assert run.weather(NEWARK).temperature_c == -10


@recorded
def test_a_damaged_row_is_written_over(run):
    """It has no revision to compare."""
    run.table.rows[keys.weather(NEWARK)] = {"temperature_dc": "hot"}
    assert run.refresh().cells[NEWARK].kind == "fetched"
    assert run.weather(NEWARK) is not None


@recorded
def test_rows_that_could_not_be_read_are_told(run):
    """What is not read is not taken for missing: the cell is left as it is."""
    run.table.unread = {keys.weather_traffic(NEWARK)}
    assert run.refresh().cells[NEWARK].reason == "its rows could not be read from the table"
    run.table.outage = DependencyFailed("table", "down")
    with pytest.raises(DependencyFailed):
        run.refresh()


@recorded
def test_without_a_climate_there_is_weather_without_an_anomaly(server, run):
    """The recording begins in 2013: five years before it there is nothing, and the report says so."""
    report = run.refresh()
    (reason,) = report.normals.values()
    assert "values, 20 are needed for a normal" in reason
    assert reason in report.summary
    assert run.weather(NEWARK).anomaly_c is None
    assert sum("/v1/archive" in path for path in server.asked) == 1  # left alone after the first failure


def test_the_climate_is_computed_once_and_tells_the_anomaly(simulated):
    """From five full years of the same service; the anomaly of simulated weather is its noise, within 4 sigma."""
    report = simulated.refresh()
    assert report.normals == {NEWARK: ""}
    stored = parse_normals(simulated.table.rows[keys.weather_normal(NEWARK)])
    weather = simulated.weather(NEWARK)
    normal = stored.normals.at(datetime.fromtimestamp(weather.observed_ms / 1000, UTC))
    assert weather.anomaly_c == pytest.approx(weather.temperature_c - normal, abs=0.051)
    assert abs(weather.anomaly_c) < 13
    simulated.now += timedelta(minutes=30)
    simulated.serve(NEWARK)
    assert simulated.refresh().normals == {}
    simulated.now += timedelta(days=91)
    simulated.serve(NEWARK)
    assert simulated.refresh().normals == {NEWARK: ""}


def test_a_run_computes_a_few_climates_only(simulated):
    """The others come in the next ones."""
    shops = tuple(Shop(f"s{n}", {"en": "s"}, 40.0, -100.0 + n, "plains") for n in range(MAX_PER_RUN + 3))
    run = Run(simulated.url, simulated.now, Places({}, shops), patience=SLOW)
    run.serve(*run.places.cells)
    assert list(run.refresh().normals.values()) == [""] * MAX_PER_RUN
    run.now += timedelta(minutes=30)
    assert list(run.refresh().normals.values()) == [""] * 3


def act(run: Run, *words: str) -> int:
    """The exit code of `vitrine weather ...`."""
    parser = argparse.ArgumentParser()
    weather_command.configure(parser)
    return weather_command.act(run.desk, parser.parse_args(words))


def test_the_command_shows_sets_and_clears(simulated, capsys):
    """Every cell with its weather, age, anomaly and visitors; what was set by hand is told apart and taken back."""
    assert act(simulated, "refresh") == 0
    assert "1 fetched" in capsys.readouterr().out
    assert act(simulated) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert set(lines) == {NEWARK, QUEENS, QUIET}
    assert all(word in lines[NEWARK] for word in ("visitors", "against normal", "5 min old", "simulated", "jersey"))
    assert all(word in lines[QUIET] for word in ("quiet", "unknown", "city"))
    assert act(simulated, "set", "--region", "city", "--temperature", "33", "--rain", "2", "--for", "2h") == 0
    assert "2 cells of city: 33.0 °C rain for 120 minutes" in capsys.readouterr().out
    assert act(simulated, "set", "--region", "jersey", "--temperature", "33", "--anomaly", "9.5") == 0
    weather = simulated.weather(NEWARK)
    assert (weather.source, weather.anomaly_c, weather.feels_like_c, weather.code) == ("manual", 9.5, 33, 0)
    assert weather.is_day
    assert act(simulated, "clear", "--region", "city") == 0
    assert (simulated.weather(QUEENS), simulated.weather(NEWARK)) == (None, weather)
    simulated.now += timedelta(hours=1)
    assert act(simulated) == 0
    assert "EXPIRED" in capsys.readouterr().out


def test_weather_set_by_hand_has_an_anomaly_when_a_climate_is_known(simulated):
    """Against the cell's own normal."""
    simulated.refresh()
    assert act(simulated, "set", "--region", "jersey", "--temperature", "45") == 0
    assert simulated.weather(NEWARK).anomaly_c > 5
    assert act(simulated, "set", "--region", "jersey", "--temperature", "-20", "--rain", "1") == 0
    assert simulated.weather(NEWARK).anomaly_c < -5
    assert simulated.weather(NEWARK).condition == "snow"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "--region", "mars", "--temperature", "1"), "there is no region 'mars' with coordinates"),
        (("set", "--region", "city", "--temperature", "99"), "temperature_c 99.0 is not between -90 and 60"),
        (("set", "--region", "city", "--temperature", "nan"), "temperature_c nan"),
        (("set", "--region", "city", "--temperature", "9", "--code", "42"), "weather code 42"),
        (("clear", "--region", "mars"), "regions: jersey, city"),
    ],
)
def test_the_command_refuses_what_cannot_be(simulated, capsys, words, says):
    """With a line, and nothing is written."""
    before = dict(simulated.table.rows)
    assert act(simulated, *words) == 1
    assert says in capsys.readouterr().err
    assert simulated.table.rows == before


@pytest.mark.parametrize("text", ["", "60", "0m", "25h", "1441m", "-5m", "1d", "٥m"])
def test_durations_are_minutes_or_hours_up_to_a_day(text):
    """Anything else is refused when the arguments are read."""
    with pytest.raises(argparse.ArgumentTypeError):
        weather_command.duration(text)
    assert weather_command.duration("24h") == timedelta(days=1)
    assert weather_command.duration("90m") == timedelta(minutes=90)


def test_the_demo_s_service_says_that_it_simulates(simulated):
    """In every answer; a question that it cannot answer is refused, and the same instant gives the same weather."""

    def ask(path):
        got = get("weather", f"{simulated.url}{path}", {}, 10_000_000, SLOW)
        return got.status, json.loads(got.body)

    status, told = ask("/v1/forecast?latitude=40.5,-33.9&longitude=-74,151.2")
    assert (status, [place["simulated"] for place in told]) == (200, [True, True])
    assert told[0]["current"]["temperature_2m"] > told[1]["current"]["temperature_2m"]  # July here and there
    assert ask("/v1/forecast?latitude=40.5,-33.9&longitude=-74,151.2") == (status, told)
    status, days = ask("/v1/archive?latitude=40.5&longitude=-74&start_date=2025-01-01&end_date=2025-01-02")
    assert (status, days["simulated"], len(days["hourly"]["time"])) == (200, True, 48)
    for wrong in (
        "/v1/forecast?latitude=40.5",
        "/v1/forecast?latitude=40.5&longitude=x",
        "/v1/forecast?latitude=40.5,1&longitude=1",
        "/v1/forecast?latitude=99&longitude=1",
        "/v1/archive?latitude=1&longitude=1&start_date=2025-01-02&end_date=2025-01-01",
    ):
        status, told = ask(wrong)
        assert (status, told["error"]) == (400, True)
    assert ask("/v2/forecast")[0] == 404


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180), at_s=st.integers(0, 4_000_000_000))
def test_simulated_weather_is_plausible_everywhere(lat, lon, at_s):
    """At any place and time it passes the checks that real weather has to pass."""
    told = simulate(lat, lon, at_s, "seed")
    assert told == simulate(lat, lon, at_s, "seed")
    weather = Weather(
        told.temperature_c, told.feels_like_c, told.precipitation_mm, told.wind_kmh, told.cloud_pct, told.code,
        None, told.is_day, 0, "simulated",
    )  # fmt: skip
    assert faults_of(weather) == []


def test_places_are_the_bundle_s_until_a_release_is_published():
    """The store's own files, without a release in the table."""
    settings = Settings(table="t", bundle=ROOT)
    places = load_places(settings, MemoryTable(), MemoryObjects())
    assert set(places.regions) == {"north", "east", "south", "west"}
    assert len(places.shops) == 12


def test_places_are_those_of_the_current_release():
    """Whatever the bundle says; a release whose store was altered is refused."""
    table, releases = MemoryTable(), MemoryObjects()
    store = compile_store(ROOT / "store", range(0))
    manifest = Manifest("r1", 1, 1, 0, parts={STORE: Part.of(store)})
    releases.put("r1/manifest.json", manifest.to_bytes())
    releases.put("r1/store.json", store)
    pointer = Pointer("r1", sha256(manifest.to_bytes()).hexdigest(), None, 1)
    table.rows[keys.RELEASE_POINTER] = pointer.to_row()
    settings = Settings(table="t", bundle=ROOT / "nowhere")
    assert len(load_places(settings, table, releases).cells) == 12
    releases.put("r1/store.json", store + b" ")
    with pytest.raises(InvalidRelease, match="sha256 differs"):
        load_places(settings, table, releases)
