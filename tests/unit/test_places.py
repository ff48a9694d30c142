"""Places: regions by network and by coordinates, shops, cells of weather."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.places.geometry import Nearest, centroid, contains, distance_km
from vitrine.places.regions import MAX_WEATHER_KM, Places, Region, Shop, cell_of
from vitrine.types import Geo, Viewer

LATS = st.floats(-90, 90)
LONS = st.floats(-180, 180)


def box(west, south, east, north):
    """A closed ring."""
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


NORTH = Region("north", "America/New_York", "US", frozenset({"OH"}), 39.96, -83.0, ((box(-84.8, 38.6, -82.0, 41.8),),))
WEST = Region(
    "west", "America/Indiana/Indianapolis", "US", frozenset({"IN"}), 39.77, -86.16, ((box(-88, 38.6, -84.8, 41.8),),)
)
BERLIN = Region("berlin", "Europe/Berlin", "DE", frozenset(), 52.5, 13.4)
SHOPS = (
    Shop("columbus", {"en": "Columbus"}, 39.97, -83.0, "north"),
    Shop("dayton", {"en": "Dayton"}, 39.76, -84.18, "north"),
)
PLACES = Places({region.id: region for region in (NORTH, WEST, BERLIN)}, SHOPS)


@pytest.mark.parametrize(
    ("viewer", "region"),
    [
        (Viewer("US", "OH"), "north"),
        (Viewer("US", "IN"), "west"),
        (Viewer("US", "OH", geo=Geo(39.8, -86.2)), "north"),  # the subdivision is surer than coordinates of a network
        (Viewer("US", "CA"), None),
        (Viewer("US", "CA", geo=Geo(39.8, -86.2)), "west"),
        (Viewer("US"), None),  # two regions are of this country
        (Viewer("US", geo=Geo(40.0, -83.0)), "north"),
        (Viewer("DE"), "berlin"),
        (Viewer("DE", "BY"), "berlin"),  # the region is for the whole country
        (Viewer("CA", "OH"), None),  # a code means something only in its country
        (Viewer(None, "OH"), None),
        (Viewer(), None),
    ],
)
def test_the_network_tells_the_region(viewer, region):
    """Country and subdivision first, then coordinates, then a country that has one region."""
    assert PLACES.region_of_viewer(viewer) == region


def test_of_regions_that_share_a_subdivision_coordinates_choose():
    """Both list Ohio: the network's coordinates say which, and without them nobody knows."""
    east = Region("east", "America/New_York", "US", frozenset({"OH", "WV"}), polygons=((box(-82, 38, -80, 42),),))
    places = Places({"north": NORTH, "east": east})
    assert places.region_of_viewer(Viewer("US", "OH", geo=Geo(40.0, -81.0))) == "east"
    assert places.region_of_viewer(Viewer("US", "OH", geo=Geo(40.0, -83.0))) == "north"
    assert places.region_of_viewer(Viewer("US", "OH")) is None
    assert places.region_of_viewer(Viewer("US", "WV")) == "east"


def test_one_region_for_some_subdivisions_is_not_for_others():
    """A country's only region does not take in whoever is known to be elsewhere in the country."""
    places = Places({"north": NORTH})
    assert places.region_of_viewer(Viewer("US", "CA")) is None
    assert places.region_of_viewer(Viewer("US")) == "north"


def test_a_hole_is_outside():
    """Even-odd: a point in the hole of a polygon is in no region."""
    ring = Region("ring", "UTC", polygons=((box(0, 0, 10, 10), box(4, 4, 6, 6)),))
    places = Places({"ring": ring})
    assert places.region_at(Geo(2, 2)) == "ring"
    assert places.region_at(Geo(5, 5)) is None
    assert places.region_at(Geo(11, 5)) is None


def test_a_region_may_have_several_parts():
    """An island belongs to it."""
    places = Places({"isles": Region("isles", "UTC", polygons=((box(0, 0, 1, 1),), (box(5, 5, 6, 6),)))})
    assert [places.region_at(Geo(at, at)) for at in (0.5, 3.0, 5.5)] == ["isles", None, "isles"]


@given(lat=st.floats(38.6, 41.79), reverse=st.booleans())
def test_a_point_of_a_common_border_is_in_exactly_one(lat, reverse):
    """Neighbours share an edge; whichever way round they are drawn, each of its points has one owner."""
    slanted = ((-84.8, 38.6), (-83.1, 41.8))
    left = ((-88.0, 38.6), *slanted, (-88.0, 41.8), (-88.0, 38.6))
    right = (slanted[0], (-82.0, 38.6), (-82.0, 41.8), slanted[1], slanted[0])
    if reverse:
        right = tuple(reversed(right))
    share = (lat - 38.6) / (41.8 - 38.6)
    lon = slanted[0][0] + share * (slanted[1][0] - slanted[0][0])
    assert contains((left,), lat, lon) != contains((right,), lat, lon)


def test_corners_and_edges_have_one_answer():
    """A unit square owns its lower and left side, not its upper and right one."""
    square = (box(0, 0, 1, 1),)
    assert [contains(square, *at) for at in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0), (0.5, 1))] == [
        True, False, False, False, True, False,
    ]  # fmt: skip


def test_the_nearest_shop_and_its_distance():
    """In kilometres along the globe; New York to London as it is published, 5,570 km."""
    shop, km = PLACES.nearest_shop(Geo(39.8, -84.2))
    assert (shop.id, round(km)) == ("dayton", 5)
    assert isclose(distance_km(40.7128, -74.0060, 51.5074, -0.1278), 5_570, rel_tol=0.001)
    assert Places().nearest_shop(Geo(0, 0)) is None


@given(st.lists(st.tuples(LATS, LONS), min_size=1, max_size=30), LATS, LONS)
def test_nearest_is_what_a_loop_finds(positions, lat, lon):
    """The matrix agrees with comparing every distance."""
    _, km = Nearest(positions).to(lat, lon)
    assert isclose(km, min(distance_km(lat, lon, *at) for at in positions), abs_tol=0.01)


@pytest.mark.parametrize(
    ("lat", "lon", "cell"),
    [
        (39.1, -84.51, "39.0_-84.5"),
        (-0.1, -0.2, "0.0_0.0"),
        (0.25, -0.25, "0.5_0.0"),
        (90, 180, "90.0_-180.0"),
        (-90, -180, "-90.0_-180.0"),
        (39.25, 179.8, "39.5_-180.0"),
    ],
)
def test_cells_have_one_name(lat, lon, cell):
    """Half a degree, one digit, no negative zero, one date line."""
    assert cell_of(lat, lon) == cell


@given(LATS, LONS)
def test_a_cell_is_its_own_centre_s_cell(lat, lon):
    """Naming is stable: the centre of a cell lies in it, and at most half a cell away."""
    cell = cell_of(lat, lon)
    cell_lat, cell_lon = map(float, cell.split("_"))
    assert cell_of(cell_lat, cell_lon) == cell
    assert abs(cell_lat - lat) <= 0.25
    assert "-0.0" not in cell.split("_")


def test_the_weather_of_a_visitor_is_of_a_declared_place_near_them():
    """With coordinates that of the nearest shop or region within 75 km, else that of the region."""
    assert PLACES.weather_cell("north", None) == "40.0_-83.0"
    assert PLACES.weather_cell("north", Geo(39.8, -84.2)) == cell_of(39.76, -84.18)
    assert PLACES.weather_cell("north", Geo(45.0, -70.0)) == "40.0_-83.0"
    assert PLACES.weather_cell("west", Geo(39.8, -84.2)) == cell_of(39.76, -84.18)
    assert PLACES.weather_cell("mars", None) is None
    assert Places({"bare": Region("bare", "UTC")}).weather_cell("bare", Geo(1, 1)) is None


@given(LATS, LONS)
def test_no_visitor_asks_for_a_cell_that_is_not_declared(lat, lon):
    """So the cells that are fetched are all that decisions read."""
    assert PLACES.weather_cell("north", Geo(lat, lon)) in PLACES.cells


def test_cells_of_a_region_are_its_own_and_its_shops():
    """What an operator sets for a region reaches all its visitors."""
    assert PLACES.cells_of_region("north") == {"40.0_-83.0", "40.0_-84.0"}
    assert PLACES.cells_of_region("mars") == frozenset()
    assert PLACES.cells["40.0_-84.0"] == (40.0, -84.0)
    assert MAX_WEATHER_KM == 75


def test_the_centre_of_an_area():
    """The centre of gravity, not the mean of the corners; of a line the mean."""
    assert centroid((((0, 0), (4, 0), (4, 2), (2, 2), (0, 2), (0, 0)),)) == pytest.approx((2, 1))
    assert centroid((((0, 0), (2, 0), (0, 0), (0, 0)),)) == pytest.approx((0.5, 0))
