"""store/stores.geojson: what is right compiles, what is wrong is named with its feature and a remedy."""

import json
from datetime import date
from pathlib import Path

import orjson
import pytest

from vitrine.api.store_places import PlacesFile, check_places, read_places
from vitrine.errors import InvalidStore
from vitrine.types import Geo, Viewer

EXAMPLE = Path("store/stores.geojson")
REGIONS = ["north", "east", "south", "west"]
SQUARE = [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]


def region(**properties):
    """A feature of a region."""
    geometry = properties.pop("geometry", {"type": "Polygon", "coordinates": SQUARE})
    plain = {"kind": "region", "id": "north", "timezone": "Europe/Berlin", "country": "DE", **properties}
    return {"type": "Feature", "properties": plain, "geometry": geometry}


def shop(lon=1.0, lat=1.0, **properties):
    """A feature of a shop."""
    plain = {"kind": "shop", "id": "corner", "name": {"en": "Corner", "ru": "Угол"}, **properties}
    return {"type": "Feature", "properties": plain, "geometry": {"type": "Point", "coordinates": [lon, lat]}}


def write(folder, *features, **members):
    """A file of the features."""
    path = folder / "stores.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}, indent=1), "utf-8")
    return path


def read(path, years=()):
    """The places of a store with one region and two languages."""
    return read_places(path, ["north"], ["en", "ru"], years)


@pytest.fixture(scope="module")
def example():
    """The example store's places with two years of holidays."""
    return read_places(EXAMPLE, REGIONS, ["en", "ru"], [2026, 2027])


def test_the_example_store_has_places(example):
    """Four regions around Cincinnati that do not overlap, three shops in each, and it says that they are invented."""
    places = example.to_domain()
    assert list(places.regions) == REGIONS
    assert sorted(shop.region for shop in places.shops) == sorted(REGIONS * 3)
    assert places.region_at(Geo(39.1, -84.5)) == "north"
    assert places.region_of_viewer(Viewer("US", "KY")) == "south"
    assert all({"en", "ru"} <= shop.name.keys() and len(shop.hours) == 7 for shop in places.shops)
    assert "Invented" in json.loads(EXAMPLE.read_text("utf-8"))["comment"]


def test_holidays_are_written_down(example):
    """Of country and subdivision, in English, for the years asked for and no other."""
    north = example.to_domain().regions["north"]
    assert north.holidays[date(2026, 7, 4)] == "Independence Day"
    assert {day.year for day in north.holidays} == {2026, 2027}
    assert date(2026, 6, 20) in example.to_domain().regions["east"].holidays  # West Virginia Day
    assert date(2026, 6, 20) not in north.holidays


def test_several_subdivisions_share_holidays(tmp_path):
    """A day that only Bavaria keeps is none of a region that goes beyond it."""
    path = write(tmp_path, region(subdivisions=["BY", "BE"]))
    assert date(2026, 1, 6) not in read(path, [2026]).regions[0].holidays
    assert date(2026, 5, 1) in read(path, [2026]).regions[0].holidays
    alone = write(tmp_path, region(subdivisions=["BY"]))
    assert date(2026, 1, 6) in read(alone, [2026]).regions[0].holidays
    assert read(alone).regions[0].holidays == {}


def test_a_release_carries_them(example):
    """As JSON and back; decisions get the same places."""
    plain = orjson.dumps(example.model_dump(mode="json", by_alias=True))
    assert PlacesFile.model_validate_json(plain) == example
    assert PlacesFile.model_validate_json(plain).to_domain() == example.to_domain()
    assert PlacesFile().to_domain().cells == {}


def test_weather_is_taken_in_the_middle_of_the_largest_part(tmp_path):
    """Unless the file says where; a shop without a region has the one that it stands in."""
    small = [[[10, 10], [11, 10], [11, 11], [10, 10]]]
    both = {"type": "MultiPolygon", "coordinates": [small, SQUARE]}
    assert (lambda one: (one.lon, one.lat))(read(write(tmp_path, region(geometry=both))).regions[0]) == (1, 1)
    told = read(write(tmp_path, region(weather=[0.5, 1.5]), shop()))
    assert (told.regions[0].lon, told.regions[0].lat) == (0.5, 1.5)
    assert told.shops[0].region == "north"


def test_hours_are_per_weekday(tmp_path):
    """Spans of days, also over Sunday; hours past midnight; days left out are closed; no hours are unknown."""
    hours = {"tue-thu": "08:00-22:00", "sat-sun": "20:00-02:00", "mon": "closed"}
    (found,) = read(write(tmp_path, region(), shop(hours=hours))).shops
    assert found.hours == (None, (480, 1320), (480, 1320), (480, 1320), None, (1200, 1560), (1200, 1560))
    (over,) = read(write(tmp_path, region(), shop(hours={"sat-mon": "00:00-24:00"}))).shops
    assert [day is not None for day in over.hours] == [True, False, False, False, False, True, True]
    (unknown,) = read(write(tmp_path, region(), shop())).shops
    assert unknown.hours == ()


OPEN_RING = [[[0, 0], [2, 0], [2, 2], [0, 2]]]
SWAPPED = [[[0, 100], [2, 100], [2, 102], [0, 102], [0, 100]]]
LINE = [[[0, 0], [2, 0], [1, 0], [0, 0]]]


@pytest.mark.parametrize(
    ("features", "says"),
    [
        ([region(id="mars")], r"features.0\(mars\).properties.id: there is no region 'mars' in store.yaml"),
        ([region(), region()], r"features.1\(north\).*stands twice"),
        ([], r"the region 'north' of store.yaml has none; add a feature"),
        ([region(timezone="Europe/Atlantis")], r"properties.timezone: .*Atlantis"),
        ([region(country="de")], r"properties.country: 'de' is not of the right form"),
        ([region(country="XX")], r"no public holidays are known of the country 'XX'; use its code"),
        ([region(geometry={"type": "Polygon", "coordinates": OPEN_RING})], r"is not closed; repeat its first position"),
        ([region(geometry={"type": "Polygon", "coordinates": SWAPPED})], r"latitude 100 .*are the two swapped\?"),
        ([region(geometry={"type": "Polygon", "coordinates": LINE})], r"has no area"),
        ([region(geometry={"type": "Polygon", "coordinates": []})], r"the area is empty"),
        ([region(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]})], r"a ring has 2 positions"),
        ([region(geometry={"type": "Point", "coordinates": [0, 0]})], r"a region is a Point; give it a Polygon"),
        ([region(weather=[1.0, 91.0])], r"properties.weather"),
        ([region(colour="red")], r"there is no field 'colour'"),
        ([region(), shop(lon=39.1, lat=-184.5)], r"features.1\(corner\).geometry.coordinates: latitude -184.5"),
        ([region(), shop(lon=-84.5, lat=139.1)], r"are the two swapped"),
        ([region(), shop(lon=50.0)], r"the shop at 50, 1 is outside all regions; move it"),
        ([region(), shop(region="nord")], r"there is no region 'nord' in store.yaml; did you mean 'north'"),
        ([region(), shop(), shop()], r"features.2\(corner\).properties.id: the shop 'corner' stands twice"),
        ([region(), shop(name={"en": "Corner"})], r"lacks the locale 'ru'"),
        ([region(), shop(hours={"mon": "8-22"})], r"properties.hours: '8-22' is not a span of hours; write days as"),
        ([region(), shop(hours={"moon": "08:00-22:00"})], r"'moon' is not a day"),
        ([region(), shop(hours={"mon-": "08:00-22:00"})], r"'mon-' is not a day"),
        ([region(), shop(hours={"mon-fri": "08:00-22:00", "fri": "closed"})], r"fri stands twice"),
        ([region(), shop(hours={"mon": "08:00-08:00"})], r"is empty"),
        ([region(), shop(hours={"mon": "08:00-24:30"})], r"beyond 24:00"),
        ([{**region(), "geometry": {"type": "Circle"}}], r"geometry"),
        (["north"], r"features.0: "),
    ],
)
def test_every_fault_is_named(tmp_path, features, says):
    """File, line, feature, place, and what to do."""
    path = write(tmp_path, *features)
    with pytest.raises(InvalidStore, match=says) as refused:
        read(path, [2026])
    assert str(refused.value).startswith(f"{path}:")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", r":1: is not JSON"),
        ('{"type": "FeatureCollection", "features": [NaN]}', "NaN is not JSON"),
        ('{"type": "FeatureCollection", "type": "x", "features": []}', "stands twice"),
        ('{"type": "Topology", "features": []}', "type"),
        ("[]", "is not GeoJSON"),
        ("[" * 100_000, "is not GeoJSON"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path, text, says):
    """Whatever it holds."""
    path = tmp_path / "stores.geojson"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidStore, match=says):
        read(path)


def test_a_missing_file_is_named(tmp_path):
    """With what it is for."""
    with pytest.raises(InvalidStore, match=r"is missing; describe each region"):
        read(tmp_path / "stores.geojson")


def test_all_faults_are_told_at_once(tmp_path):
    """In the order of their lines, which are those where their features begin."""
    path = write(tmp_path, region(), shop(hours={"mon": "8"}), shop(id="far", lon=50.0))
    _, faults = check_places(path, ["north"], ["en", "ru"], [])
    lines = path.read_text("utf-8").splitlines()
    assert [fault.place for fault in faults] == [
        "features.1(corner).properties.hours",
        "features.2(far).geometry.coordinates",
    ]
    assert all('"Feature"' in lines[fault.line] for fault in faults)


def test_an_area_of_too_many_points_is_refused(tmp_path):
    """A page view compares its coordinates with every point."""
    ring = [[n / 2_000, 0] for n in range(2_500)] + [[1, 1], [0, 0]]
    with pytest.raises(InvalidStore, match=r"2,502 positions; simplify it to at most 2,000"):
        read(write(tmp_path, region(geometry={"type": "Polygon", "coordinates": [ring]})))
