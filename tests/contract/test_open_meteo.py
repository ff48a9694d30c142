"""ports.WeatherSource over HTTP: recorded hours through a loopback server, good and misbehaving."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.contract.weather_server import AIRPORTS, RECORDED, WeatherServer, recorded_current, serving
from vitrine.adapters.http_get import Patience
from vitrine.adapters.open_meteo import BATCH, OpenMeteo
from vitrine.errors import DependencyFailed
from vitrine.ports import NoObservation, Observation, Spot, Unchanged

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason=f"the recorded hours are not there: {RECORDED}")

HOUR = datetime(2013, 7, 18, 19, tzinfo=UTC)  # a heat wave
GAP = datetime(2013, 10, 23, 10, tzinfo=UTC)
SPOTS = [Spot(name, lat, lon) for name, (lat, lon) in AIRPORTS.items()]
HASTY = Patience(connect_s=1.0, read_s=0.3, attempt_s=0.6, total_s=2.0, attempts=2, pause=lambda _: None)


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """A weather service at the recorded hour."""
    with serving(HOUR) as server:
        yield server


def source_of(server: WeatherServer, now: datetime = HOUR, patience: Patience = HASTY, key: str = "") -> OpenMeteo:
    """A source that asks it."""
    return OpenMeteo(server.url, server.url, lambda: now + timedelta(minutes=5), key, patience)


def reasons(told) -> set[str]:
    """Why there is no weather, of all spots."""
    assert all(isinstance(one, NoObservation) for one in told.values()), told
    return {one.reason for one in told.values()}


def test_recorded_hours_arrive(server):
    """Each airport has its own, in our units, in one request."""
    told = source_of(server).current(SPOTS)
    for name in AIRPORTS:
        hour = recorded_current(name, server.now_s)
        assert told[name].temperature_c == hour["temperature_2m"] > 30
        assert told[name].wind_kmh == hour["wind_speed_10m"]
        assert told[name].observed_ms == server.now_s * 1000
        assert (told[name].code, told[name].is_day) == (1, True)
    assert len(server.asked) == 1
    assert "temperature_2m" in server.asked[0]
    assert "timeformat=unixtime" in server.asked[0]
    assert "apikey" not in server.asked[0]


@pytest.mark.parametrize(
    ("said", "source"), [({}, None), ({"simulated": True}, "simulated"), ({"simulated": "no"}, None)]
)
def test_simulated_weather_says_so(server, said, source):
    """Of each place, as the answer has it; all else is what the service itself tells."""
    server.spoil = lambda told: [{**told[0], **said}, *told[1:]]
    told = source_of(server).current(SPOTS)
    assert [one.source for one in told.values()] == [source, None, None]


def test_one_place_is_answered_without_a_list(server):
    """As Open-Meteo does."""
    assert isinstance(source_of(server).current(SPOTS[:1])["EWR"], Observation)


def test_places_are_asked_about_in_batches(server):
    """A long list becomes several requests, and what fails in one is no matter to the others."""
    many = [Spot(f"s{n}", *AIRPORTS["JFK"]) for n in range(BATCH + 2)]
    told = source_of(server).current(many)
    assert [path.count("%2C") + path.partition("&")[0].count(",") + 1 for path in server.asked] == [BATCH, 2]
    assert all(isinstance(one, Observation) for one in told.values())
    server.statuses = [400]
    told = source_of(server).current(many)
    assert reasons({cell: told[cell] for cell in list(told)[:BATCH]}) == {"HTTP 400"}
    assert isinstance(told[f"s{BATCH}"], Observation)


def test_a_key_is_sent_and_never_told(server):
    """It is in the request, and in no reason or validator."""
    source = source_of(server, key="secret")
    told = source.current(SPOTS)
    assert server.asked[0].endswith("&apikey=secret")
    server.raw = b"{"
    assert "secret" not in str(source.current(SPOTS)) + str(told)


def test_an_answer_that_we_have_is_not_sent_again(server):
    """With the validators of one answer the same question is answered 304; with others' it is asked anew."""
    source = source_of(server)
    told = source.current(SPOTS)
    known = [replace(spot, validator=told[spot.cell].validator) for spot in SPOTS]
    assert set(source.current(known).values()) == {Unchanged()}
    server.now_s += 3_600
    later = source_of(server, HOUR + timedelta(hours=1)).current(known)
    assert all(isinstance(one, Observation) for one in later.values())
    source.current([*known[:2], replace(known[2], validator="other")])
    source.current(known[:2])  # another question: its answer cannot be the one that we have
    assert [condition is not None for condition in server.conditions] == [False, True, True, False, False]


@pytest.mark.parametrize(("status", "word"), [(429, "HTTP 429"), (500, "HTTP 500"), (503, "HTTP 503")])
def test_passing_refusals_are_asked_again(server, status, word):
    """Once more after a pause; a service that goes on refusing is named."""
    server.statuses = [status]
    assert isinstance(source_of(server).current(SPOTS)["JFK"], Observation)
    server.statuses = [status] * 10
    assert reasons(source_of(server).current(SPOTS)) == {word}
    assert len(server.asked) == 2 + HASTY.attempts


def test_lasting_refusals_are_not_asked_again(server):
    """A question that is wrong stays wrong."""
    server.statuses = [400]
    assert reasons(source_of(server).current(SPOTS)) == {"HTTP 400"}
    assert len(server.asked) == 1


def test_the_service_says_how_long_to_wait(server):
    """Its Retry-After is kept when it is bearable; otherwise this run is given up."""
    pauses = []
    patience = replace(HASTY, total_s=60.0, pause=pauses.append)
    server.statuses, server.headers = [429], {"Retry-After": "7"}
    assert isinstance(source_of(server, patience=patience).current(SPOTS)["JFK"], Observation)
    assert pauses == [7.0]
    server.statuses, server.headers = [429], {"Retry-After": "20"}
    assert reasons(source_of(server, patience=patience).current(SPOTS)) == {"HTTP 429, it asks to wait 20 s"}
    server.statuses, server.headers = [429], {"Retry-After": "3600"}
    assert reasons(source_of(server, patience=patience).current(SPOTS)) == {"HTTP 429, it asks to wait 3600 s"}
    server.statuses, server.headers = [429], {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert isinstance(source_of(server, patience=patience).current(SPOTS)["JFK"], Observation)
    assert len(pauses) == 2
    assert pauses[1] <= patience.first_pause_s


@pytest.mark.parametrize(
    ("manner", "says"),
    [
        ("hang", "silent"),
        ("drip", "no whole answer in"),
        ("drip_head", "no whole answer in"),
        ("cut", "no answer (IncompleteRead)|no whole answer|silent"),
        ("endless", "larger than"),
    ],
)
def test_a_slow_or_broken_service_is_given_up(server, manner, says):
    """Within its time, with a reason; the same service is believed as soon as it behaves."""
    server.manner = manner
    (reason,) = reasons(source_of(server).current(SPOTS))
    assert any(word in reason for word in says.split("|")), reason
    server.manner = "good"
    assert isinstance(source_of(server).current(SPOTS)["JFK"], Observation)


def test_a_service_that_is_not_there_is_named():
    """Nobody listens."""
    with WeatherServer(0) as closed:
        url = closed.url
    told = OpenMeteo(url, url, lambda: HOUR, patience=HASTY).current(SPOTS)
    assert reasons(told) == {"no answer (ConnectionRefusedError)"}


def test_a_name_that_nobody_has_and_an_address_that_is_none():
    """Both are faults of the service, not ours to raise."""
    for url, word in (("http://weather.invalid", "gaierror"), ("ftp://127.0.0.1", "not an http"), ("", "not an http")):
        (reason,) = reasons(OpenMeteo(url, url, lambda: HOUR, patience=HASTY).current(SPOTS))
        assert word in reason


def test_when_time_is_up_the_rest_is_not_asked(server):
    """All batches share one deadline."""
    source = OpenMeteo(server.url, server.url, lambda: HOUR, patience=HASTY, all_batches_s=0.0)
    assert "not asked" in reasons(source.current(SPOTS)).pop()
    assert server.asked == []


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<html>sorry</html>", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it answers for 0 places instead of 3"),
        (b"null", "it answers for 1 places instead of 3"),
        (b" " * 300_000, "its answer of 300,000 bytes is larger than 262,144"),
    ],
)
def test_an_answer_that_is_none_is_named(server, raw, says):
    """Not JSON, too few places, too many bytes."""
    server.raw = raw
    assert reasons(source_of(server).current(SPOTS)) == {says}


def spoiled(block: str, **values):
    """A change of the second of three places."""

    def spoil(answer):
        (answer[1][block] if block else answer[1]).update(values)
        return answer

    return spoil


FAR = 3_600 * 3


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoiled("current_units", temperature_2m="°F"), "temperature_2m is in '\\xb0F' instead of °C"),
        (spoiled("current_units", wind_speed_10m="mp/h"), "wind_speed_10m is in 'mp/h' instead of km/h"),
        (spoiled("current_units", precipitation="inch"), "precipitation is in 'inch' instead of mm"),
        (spoiled("current_units", time="iso8601"), "time is in 'iso8601' instead of unixtime"),
        (spoiled("", current_units=None), "current_units is missing or of another form"),
        (spoiled("", current=[1, 2]), "current is missing or of another form"),
        (spoiled("current", temperature_2m=None), "temperature_2m is None, not a number"),
        (spoiled("current", temperature_2m=float("nan")), "temperature_2m is 'NaN', not a number"),
        (spoiled("current", temperature_2m=float("inf")), "temperature_2m is 'Infinity', not a number"),
        (spoiled("current", temperature_2m="33"), "temperature_2m is '33', not a number"),
        (spoiled("current", temperature_2m=True), "temperature_2m is True, not a number"),
        (spoiled("current", temperature_2m=10**400), "temperature_2m is too large"),
        (spoiled("current", temperature_2m=91.4), "temperature_c 91.4 is not between -90 and 60"),
        (spoiled("current", precipitation=-1), "precipitation_mm -1.0 is not between 0 and 350"),
        (spoiled("current", cloud_cover=130), "cloud_pct 130 is not between 0 and 100"),
        (spoiled("current", weather_code=42), "weather code 42 is not one that we know"),
        (spoiled("current", weather_code=1.5), "is_day and weather_code must be whole numbers"),
        (spoiled("current", is_day=2), "is_day and weather_code must be whole numbers"),
        (spoiled("current", time=int(HOUR.timestamp()) + FAR), "its time is 175 minutes ahead"),
        (spoiled("current", time=int(HOUR.timestamp()) - FAR), "it is 185 minutes old"),
        (spoiled("current", time="2013-07-18T19:00"), "its time is '2013-07-18T19:00', not seconds since the epoch"),
        (spoiled("", latitude=52.5), "it is about another place, 52.50, -73.78"),
        (lambda answer: [answer[0], "no data", answer[2]], "the place is missing or of another form"),
    ],
)
def test_a_bad_place_spoils_no_other(server, spoil, says):
    """Wrong units, gaps, NaN, nonsense: the place is named, its neighbours are served."""
    server.spoil = spoil
    told = source_of(server).current(SPOTS)
    assert told["JFK"] == NoObservation(says)
    assert isinstance(told["EWR"], Observation)
    assert isinstance(told["LGA"], Observation)


def test_a_gap_in_the_recording_is_no_weather(server):
    """An hour that no airport recorded is told as nulls."""
    missing = next(at for at in hours_of_2013() if recorded_current("EWR", at) is None and recorded_current("JFK", at))
    server.now_s = missing
    told = source_of(server, datetime.fromtimestamp(missing, UTC)).current(SPOTS)
    assert told["EWR"] == NoObservation("temperature_2m is None, not a number")
    assert isinstance(told["JFK"], Observation)


def hours_of_2013():
    """Seconds of the epoch of every hour of the recording."""
    first, last = (datetime(2013, *day, tzinfo=UTC) for day in ((1, 2), (12, 30)))
    return range(int(first.timestamp()), int(last.timestamp()), 3_600)


def test_past_hours_arrive_without_the_gaps(server):
    """A year of the recording, ascending."""
    hours = source_of(server, patience=Patience()).history(40.69, -74.17, date(2013, 1, 2), date(2013, 12, 30))
    assert 8_500 < len(hours) < 363 * 24
    assert [at for at, _ in hours] == sorted({at for at, _ in hours})
    at, value = hours[0]
    assert value == recorded_current("EWR", at // 1000)["temperature_2m"]
    assert "hourly=temperature_2m" in server.asked[0]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda answer: {**answer, "hourly_units": {"time": "unixtime", "temperature_2m": "°F"}}, "instead of °C"),
        (lambda answer: {**answer, "hourly": {"time": [1], "temperature_2m": []}}, "do not match"),
        (lambda answer: {**answer, "hourly": {"time": [1], "temperature_2m": [99]}}, "not plausible: 1, 99"),
        (lambda answer: {**answer, "hourly": {"time": [None], "temperature_2m": [9]}}, "not plausible: None, 9"),
        (lambda answer: {**answer, "hourly": {"time": [1], "temperature_2m": [float("nan")]}}, "not a number"),
        (lambda answer: {}, "hourly_units is missing"),
    ],
)
def test_past_hours_are_checked_too(server, spoil, says):
    """A climate of nonsense would make every day unusual."""
    server.spoil = spoil
    with pytest.raises(DependencyFailed, match=says):
        source_of(server).history(40.69, -74.17, date(2013, 7, 1), date(2013, 7, 2))


def test_an_archive_that_refuses_is_named(server):
    """As the present's errors are."""
    server.statuses = [404]
    with pytest.raises(DependencyFailed, match="weather: HTTP 404"):
        source_of(server).history(40.69, -74.17, date(2013, 7, 1), date(2013, 7, 2))
