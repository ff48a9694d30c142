"""Fences: circles and polygons as shapes, as features of stores.geojson, and as a release carries them."""

import json
from math import cos, radians
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.adapters.memory import MemoryObjects
from vitrine.adapters.release_fences import ReleaseFences
from vitrine.adapters.release_objects import BUNDLE_ID
from vitrine.api.store_fences import load_fences
from vitrine.api.store_folder import compile_store
from vitrine.api.store_places import check_places, read_places
from vitrine.api.store_ready import CLASSES
from vitrine.decisions.placements import Store
from vitrine.decisions.release import Manifest, Part, Release
from vitrine.errors import InvalidRelease, InvalidStore
from vitrine.places.fences import DEGREE_M, Fence, Fences, round_radius_m
from vitrine.places.geometry import distance_km

STORE = Path("store")
HALF = 0.01  # degrees
SQUARE = ((10 - HALF, 50 - HALF), (10 + HALF, 50 - HALF), (10 + HALF, 50 + HALF), (10 - HALF, 50 + HALF))
AREA = Fence("area", 50.0, 10.0, 1_000.0, polygons=(((*SQUARE, SQUARE[0]),),))
AROUND = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]


def features(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """A region, a shop at (1, 1), and more."""
    region = {"kind": "region", "id": "north", "timezone": "Europe/Berlin", "country": "DE"}
    shop = {"kind": "shop", "id": "corner", "name": {"en": "Corner", "ru": "Угол"}}
    return [
        {"type": "Feature", "properties": region, "geometry": {"type": "Polygon", "coordinates": [AROUND]}},
        {"type": "Feature", "properties": shop, "geometry": {"type": "Point", "coordinates": [1.0, 1.0]}},
        *more,
    ]


def fence(geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A feature of a fence around the shop; None takes a property away."""
    plain = {"kind": "fence", "id": "gate", "shop": "corner", "radius_m": 150, **properties}
    told = {name: value for name, value in plain.items() if value is not None}
    point = {"type": "Point", "coordinates": [1.0, 1.0]}
    return {"type": "Feature", "properties": told, "geometry": geometry or point}


def write(folder: Path, *more: dict[str, Any]) -> Path:
    """A file of them."""
    path = folder / "stores.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features(*more)}), "utf-8")
    return path


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A rectangle."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_circle_knows_how_far_its_border_is() -> None:
    """Inside is negative, outside positive."""
    circle = Fence("circle", 50.0, 10.0, 200.0)
    assert circle.beyond_m(50.0, 10.0) == -200
    assert circle.beyond_m(50.0 + 300 / DEGREE_M, 10.0) == pytest.approx(100, abs=0.1)
    assert circle.reach_m == 200


@given(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_an_area_knows_how_far_its_border_is(north: float, east: float) -> None:
    """The square's border is where a sphere's distances say it is, to a thousandth and a metre."""
    outside = (max(-HALF, min(HALF, north)), max(-HALF, min(HALF, east)))
    beyond = AREA.beyond_m(50 + north, 10 + east)
    if (north, east) != outside:
        expected = distance_km(50 + north, 10 + east, 50 + outside[0], 10 + outside[1]) * 1000
        assert beyond == pytest.approx(expected, rel=2e-3, abs=1)
    elif max(abs(north), abs(east)) < HALF * 0.999:
        expected = min((HALF - abs(north)) * DEGREE_M, (HALF - abs(east)) * DEGREE_M * cos(radians(50 + north)))
        assert -beyond == pytest.approx(expected, rel=2e-3, abs=1)


def test_the_smallest_fence_around_a_position_is_found() -> None:
    """Of a shop within a shopping centre, the shop."""
    both = Fences({"area": AREA, "shop": Fence("shop", 50.0, 10.0, 100.0)})
    assert both.around(50.0, 10.0) == both.by_id["shop"]
    assert both.around(50.005, 10.005) == AREA
    assert both.around(51.0, 10.0) is None
    assert Fences().around(50.0, 10.0) is None


def test_an_area_is_as_large_as_a_circle() -> None:
    """A square of 1,000 m has the area of a circle of 564 m."""
    half = 500 / DEGREE_M
    ring = ((-half, -half), (half, -half), (half, half), (-half, half), (-half, -half))
    assert round_radius_m([(ring,)], 0.0) == pytest.approx(564.2, abs=0.1)


def test_the_example_store_has_a_fence_around_each_shop() -> None:
    """Eleven circles and the quay of Cincinnati; each contains its shop and no other fence."""
    places = read_places(STORE / "stores.geojson", ["north", "east", "south", "west"], ["en", "ru"], ())
    fences = places.to_fences()
    assert fences.by_id.keys() == {shop.id for shop in places.shops}
    for shop in places.shops:
        found = fences.around(shop.lat, shop.lon)
        assert found is not None
        assert (found.id, found.shop, found.region, found.name) == (shop.id, shop.id, shop.region, shop.name)
    assert fences.by_id["cincinnati"].polygons


def test_a_release_carries_fences_and_decisions_do_not() -> None:
    """They come back out of store.json; of an older one there are none. What page views load knows no fences."""
    data = compile_store(STORE, range(0))
    assert load_fences(data).by_id.keys() >= {"cincinnati", "columbus"}
    assert Fence not in CLASSES
    plain = json.loads(data)
    del plain["places"]["fences"]
    assert load_fences(json.dumps(plain).encode()) == Fences()
    for damaged in (b"", b"[]", b'{"places": {"fences": [{"id": 3}]}}', b'{"places": 3}'):
        with pytest.raises(InvalidStore, match=r"store\.json"):
            load_fences(damaged)


@pytest.mark.parametrize(
    ("feature", "fault"),
    [
        (fence(radius_m=None), r"gate\)\.properties\.radius_m: is missing; give the radius"),
        (fence(radius_m=99), r"radius_m: .*greater than or equal to 100"),
        (fence(radius_m=10_001), r"radius_m: .*less than or equal to 10000"),
        (fence(shop="cornr"), r"shop: there is no shop 'cornr'; did you mean 'corner'"),
        (fence(shop=None), r"has neither a shop nor a name; add \"shop\" or \"name\""),
        (fence(shop=None, name={"en": "Gate"}), r"name: lacks the locale 'ru'"),
        (fence(region="nort"), r"region: there is no region 'nort' in store\.yaml; did you mean 'north'"),
        (fence({"type": "Point", "coordinates": [1.0, 91.0]}), r"latitude 91 is not between"),
        (
            fence({"type": "Point", "coordinates": [5.0, 5.0]}, shop=None, name={"en": "G", "ru": "В"}),
            r"outside all regions; move it",
        ),
        (fence(box(1, 1, 1.01, 1.01)), r"radius_m: an area has none; take it out"),
        (fence(box(1, 1, 1.001, 1.001), radius_m=None), r"as large as a circle of 63 m; a fence is as large"),
        (fence(box(0, 0, 1, 1), radius_m=None), r"as large as a circle of 62,7\d\d m"),
        (fence({"type": "Polygon", "coordinates": [AROUND[:-1]]}, radius_m=None), r"is not closed"),
        (fence(dwell_s=59), r"dwell_s: .*greater than or equal to 60"),
        (fence(per_person=0), r"per_person: .*greater than or equal to 1"),
        (fence(raduis_m=3), r"raduis_m: "),
    ],
)
def test_what_is_wrong_with_a_fence_is_named(tmp_path: Path, feature: dict[str, Any], fault: str) -> None:
    """With its feature, its place and a remedy."""
    with pytest.raises(InvalidStore, match=fault):
        read_places(write(tmp_path, feature), ["north"], ["en", "ru"], ())


def test_a_fence_stands_once(tmp_path: Path) -> None:
    """Two of one id: the first one stays."""
    places, (fault,) = check_places(write(tmp_path, fence(), fence(radius_m=300)), ["north"], ["en", "ru"], ())
    assert "the fence 'gate' stands twice" in str(fault)
    assert [one.radius_m for one in places.fences] == [150]


def test_a_fence_without_a_shop_has_a_name_and_a_region_of_its_own(tmp_path: Path) -> None:
    """A fair, say. Areas have their centre and size."""
    fair = fence(box(0.5, 0.5, 0.52, 0.52), id="fair", shop=None, radius_m=None, name={"en": "Fair", "ru": "Ярмарка"})
    (found,) = read_places(write(tmp_path, fair), ["north"], ["en", "ru"], ()).to_fences().by_id.values()
    assert (found.name["en"], found.region, found.shop) == ("Fair", "north", None)
    assert (found.lat, found.lon) == (pytest.approx(0.51), pytest.approx(0.51))
    assert found.radius_m == pytest.approx(1_254.6, abs=1)


def served(release: str) -> Release:
    """A release by name; of its store only the words matter here."""
    return Release(release, 0, Store("Test", "USD", ("en",), ("north",), "north", {}), None, {})


def test_the_fences_of_a_release_are_read_once(tmp_path: Path) -> None:
    """From the bucket, verified by the release's manifest; those of another release take their place."""
    words = compile_store(STORE, range(0))
    manifest = Manifest("r1", 0, 0, 0, {"store.json": Part.of(words)}, "r1")
    objects = MemoryObjects({"r1/store.json": words, "r1/manifest.json": manifest.to_bytes()})
    fences = ReleaseFences(objects, tmp_path)
    found = fences.of(served("r1"))
    assert "cincinnati" in found.by_id
    objects.objects["r1/store.json"] = words[:-1] + b" "
    assert fences.of(served("r1")) is found
    with pytest.raises(InvalidRelease):
        ReleaseFences(objects, tmp_path).of(served("r1"))
    with pytest.raises(InvalidRelease):
        fences.of(served("r2"))


def test_a_bundle_that_nobody_published_has_those_of_its_files() -> None:
    """Before the first release: the folder is compiled as decide does it."""
    assert "columbus" in ReleaseFences(MemoryObjects(), Path()).of(served(BUNDLE_ID)).by_id
