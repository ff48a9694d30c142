"""Fences of a store's GeoJSON file, checked beside its shops and regions; and read again from a release."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import orjson
from pydantic import ValidationError

from vitrine.api.store_areas import area_faults, polygons_of, position_fault, position_of
from vitrine.api.store_faults import invalid_parts, suggest
from vitrine.api.store_geojson import (
    MAX_RADIUS_M,
    MIN_RADIUS_M,
    FenceFeature,
    MultiPolygonGeometry,
    PointGeometry,
    PolygonGeometry,
)
from vitrine.api.store_places_compiled import FencePlace, PlacesFile, ShopPlace
from vitrine.errors import InvalidStore
from vitrine.places.fences import Fences, round_radius_m
from vitrine.places.geometry import Polygon, area, centroid
from vitrine.types import RegionId

Geometry: TypeAlias = PointGeometry | PolygonGeometry | MultiPolygonGeometry
Shape: TypeAlias = tuple[float, float, float, tuple[Polygon, ...]]
"""Latitude and longitude of the centre, radius in metres, areas."""
Refuse: TypeAlias = Callable[[int | None, str, str, str], None]
RegionAt: TypeAlias = Callable[[float, float], RegionId | None]

REMEDY_OF_SIZE: Final = f"a fence is as large as a circle of {MIN_RADIUS_M:g} to {MAX_RADIUS_M:,.0f} m"


class FenceReader:
    """Takes fences one by one; `placed` says what they are beside the shops and regions."""

    def __init__(self, locales: Sequence[str], refuse: Refuse) -> None:
        self._locales = locales
        self._refuse = refuse
        self._fences: dict[str, tuple[int, FenceFeature, Shape]] = {}

    def add(self, index: int, fence: FenceFeature, geometry: Geometry) -> None:
        """Take a fence; what is wrong with it is told at once and leaves it out."""
        if fence.id in self._fences:
            self._refuse(index, "properties.id", f"the fence {fence.id!r} stands twice", "keep one of them")
            return
        shape = self._circle(index, fence, geometry) if isinstance(geometry, PointGeometry) else None
        if not isinstance(geometry, PointGeometry):
            shape = self._area(index, fence, polygons_of(geometry))
        if shape is not None:
            self._fences[fence.id] = (index, fence, shape)

    def placed(
        self, shops: Sequence[ShopPlace], shop_ids: Sequence[str], regions: Sequence[RegionId], region_at: RegionAt
    ) -> Iterator[FencePlace]:
        """The fences that are right. `shop_ids` are of all shops, also of those that are wrong in themselves."""
        by_id = {shop.id: shop for shop in shops}
        for index, fence, (lat, lon, radius_m, polygons) in self._fences.values():
            if fence.shop is not None and fence.shop not in shop_ids:
                hint = suggest(fence.shop, shop_ids, "shops")
                self._refuse(index, "properties.shop", f"there is no shop {fence.shop!r}", hint)
                continue
            shop = None if fence.shop is None else by_id.get(fence.shop)
            name = self._name(index, fence, shop)
            region = self._region(index, fence, shop, regions, region_at(lat, lon))
            if name is not None and region is not None:
                yield FencePlace(
                    id=fence.id, name=name, lat=lat, lon=lon, radius_m=radius_m, polygons=polygons, shop=fence.shop,
                    region=region, dwell_s=fence.dwell_s, per_person=fence.per_person, per_day=fence.per_day,
                )  # fmt: skip

    def _circle(self, index: int, fence: FenceFeature, geometry: PointGeometry) -> Shape | None:
        lon, lat = position_of(geometry)
        fault = position_fault((lon, lat))
        if fault:
            self._refuse(index, "geometry.coordinates", *fault)
        elif fence.radius_m is None:
            self._refuse(index, "properties.radius_m", "is missing", "give the radius in metres around the Point")
        else:
            return lat, lon, fence.radius_m, ()
        return None

    def _area(self, index: int, fence: FenceFeature, polygons: tuple[Polygon, ...]) -> Shape | None:
        if fence.radius_m is not None:
            self._refuse(index, "properties.radius_m", "an area has none", "take it out, or give a Point")
            return None
        faults = list(area_faults(polygons))
        for message, hint in faults:
            self._refuse(index, "geometry.coordinates", message, hint)
        if faults:
            return None
        lon, lat = centroid(max(polygons, key=area))
        radius_m = round_radius_m(polygons, lat)
        if not MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M:
            message = f"the area is as large as a circle of {radius_m:,.0f} m"
            self._refuse(index, "geometry.coordinates", message, REMEDY_OF_SIZE)
            return None
        return lat, lon, round(radius_m, 1), polygons

    def _name(self, index: int, fence: FenceFeature, shop: ShopPlace | None) -> dict[str, str] | None:
        """Its own name, or its shop's; None for a shop that is wrong in itself, which is told there."""
        if fence.name is None:
            if fence.shop is None:
                self._refuse(index, "properties", "has neither a shop nor a name", 'add "shop" or "name"')
            return None if shop is None else shop.name
        for locale in (one for one in self._locales if one not in fence.name):
            self._refuse(index, "properties.name", f"lacks the locale {locale!r}", f"add a name in {locale!r}")
        return fence.name

    def _region(
        self,
        index: int,
        fence: FenceFeature,
        shop: ShopPlace | None,
        regions: Sequence[RegionId],
        here: RegionId | None,
    ) -> RegionId | None:
        """The region that it names, else its shop's, else the one that its centre is in."""
        if fence.region is not None and fence.region not in regions:
            message = f"there is no region {fence.region!r} in store.yaml"
            self._refuse(index, "properties.region", message, suggest(fence.region, regions, "regions"))
            return None
        region = fence.region or (here if shop is None else shop.region)
        if region is None and fence.shop is None:
            hint = 'move it, or name its "region"'
            self._refuse(index, "geometry.coordinates", "the fence is outside all regions", hint)
        return region


def load_fences(data: bytes) -> Fences:
    """The fences in the bytes of a release's store.json, whose digest the caller has verified; none in an older one.

    Raises:
        InvalidStore: the bytes are not a compiled store of this version.
    """
    try:
        told = orjson.loads(data).get("places", {}).get("fences", [])
        return PlacesFile.model_validate_json(orjson.dumps({"fences": told})).to_fences()
    except ValidationError as error:
        place, message, _ = next(invalid_parts(error, PlacesFile))
        raise InvalidStore(f"store.json: places.{'.'.join(map(str, place))}: {message}") from error
    except (ValueError, AttributeError) as error:
        raise InvalidStore(f"store.json is no compiled store: {error}") from error
