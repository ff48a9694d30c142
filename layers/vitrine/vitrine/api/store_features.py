"""Features of a store's GeoJSON file, to regions and shops: what one feature cannot know of itself is checked here."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from vitrine.api.store_areas import area_faults, polygons_of, position_fault, position_of
from vitrine.api.store_faults import suggest
from vitrine.api.store_fences import FenceReader
from vitrine.api.store_geojson import (
    Feature,
    FenceFeature,
    MultiPolygonGeometry,
    PointGeometry,
    PolygonGeometry,
    RegionFeature,
    ShopFeature,
)
from vitrine.api.store_holidays import public_holidays
from vitrine.api.store_hours import Week, parse_hours
from vitrine.api.store_places_compiled import PlacesFile, RegionPlace, ShopPlace
from vitrine.places.geometry import Polygon, area, centroid, contains
from vitrine.types import RegionId

Refuse: TypeAlias = Callable[[int | None, str, str, str], None]
"""Takes note of a fault: index of the feature (None: of the file), place in it, what is wrong, how to mend it."""


class FeatureReader:
    """Takes features one by one; `places` then says what they are together."""

    def __init__(
        self, regions: Sequence[RegionId], locales: Sequence[str], years: Sequence[int], refuse: Refuse
    ) -> None:
        self._ids = list(regions)
        self._locales = locales
        self._years = years
        self._refuse = refuse
        self._regions: dict[RegionId, RegionPlace] = {}
        self._areas: dict[RegionId, tuple[Polygon, ...]] = {}
        self._shops: dict[str, tuple[int, ShopFeature, tuple[float, float]]] = {}
        self._fences = FenceReader(locales, refuse)

    def add(self, index: int, feature: Feature) -> None:
        """Take a feature; what is wrong with it is told at once and leaves it out."""
        match feature.properties, feature.geometry:
            case RegionFeature(), PointGeometry():
                self._refuse(index, "geometry", "a region is a Point", "give it a Polygon or a MultiPolygon")
            case RegionFeature() as region, (PolygonGeometry() | MultiPolygonGeometry()) as geometry:
                self._add_region(index, region, polygons_of(geometry))
            case ShopFeature() as shop, PointGeometry() as geometry:
                self._add_shop(index, shop, position_of(geometry))
            case FenceFeature() as fence, geometry:
                self._fences.add(index, fence, geometry)
            case _:
                self._refuse(index, "geometry", "a shop is an area", "give it a Point")

    def places(self) -> PlacesFile:
        """All regions, in the order of store.yaml, all shops and all fences."""
        for missing in (one for one in self._ids if one not in self._areas):
            hint = f'add a feature {{"kind": "region", "id": "{missing}", ...}} with its area'
            self._refuse(None, "features", f"the region {missing!r} of store.yaml has none", hint)
        regions = [self._regions[one] for one in self._ids if one in self._regions]
        shops = list(self._placed_shops())
        fences = list(self._fences.placed(shops, list(self._shops), self._ids, self._region_at))
        return PlacesFile(regions=regions, shops=shops, fences=fences)

    def _add_region(self, index: int, region: RegionFeature, polygons: tuple[Polygon, ...]) -> None:
        if region.id in self._areas:
            self._refuse(index, "properties.id", f"the region {region.id!r} stands twice", "keep one of them")
            return
        if region.id not in self._ids:
            message = f"there is no region {region.id!r} in store.yaml"
            self._refuse(index, "properties.id", message, suggest(region.id, self._ids, "regions"))
            return
        self._areas[region.id] = polygons
        faults = list(area_faults(polygons))
        for message, hint in faults:
            self._refuse(index, "geometry.coordinates", message, hint)
        calendar = public_holidays(region.country, region.subdivisions, self._years)
        if calendar is None:
            message = f"no public holidays are known of the country {region.country!r}"
            self._refuse(index, "properties.country", message, "use its code of ISO 3166-1, such as US")
        if faults or calendar is None:
            return
        lon, lat = region.weather or centroid(max(polygons, key=area))
        self._regions[region.id] = RegionPlace(
            id=region.id,
            timezone=region.timezone,
            country=region.country,
            subdivisions=sorted(set(region.subdivisions)),
            lat=lat,
            lon=lon,
            polygons=polygons,
            holidays=dict(calendar),
        )

    def _add_shop(self, index: int, shop: ShopFeature, position: tuple[float, float]) -> None:
        fault = position_fault(position)
        if fault:
            self._refuse(index, "geometry.coordinates", *fault)
        elif shop.id in self._shops:
            self._refuse(index, "properties.id", f"the shop {shop.id!r} stands twice", "keep one of them")
        else:
            self._shops[shop.id] = (index, shop, position)

    def _placed_shops(self) -> Iterator[ShopPlace]:
        for index, shop, (lon, lat) in self._shops.values():
            for locale in (one for one in self._locales if one not in shop.name):
                self._refuse(index, "properties.name", f"lacks the locale {locale!r}", f"add a name in {locale!r}")
            region = self._region_of(index, shop, lat, lon)
            hours = self._hours(index, shop)
            if region is not None and hours is not None:
                yield ShopPlace(id=shop.id, name=shop.name, lat=lat, lon=lon, region=region, hours=hours)

    def _region_of(self, index: int, shop: ShopFeature, lat: float, lon: float) -> RegionId | None:
        """The region that the shop names, or the first that it stands in."""
        if shop.region in self._ids:
            return shop.region
        if shop.region is not None:
            message = f"there is no region {shop.region!r} in store.yaml"
            self._refuse(index, "properties.region", message, suggest(shop.region, self._ids, "regions"))
            return None
        region = self._region_at(lat, lon)
        if region is not None:
            return region
        message = f"the shop at {lon:g}, {lat:g} is outside all regions"
        self._refuse(index, "geometry.coordinates", message, 'move it, or name its "region"')
        return None

    def _region_at(self, lat: float, lon: float) -> RegionId | None:
        """The first region that a position is in."""
        inside = (one for one in self._ids if any(contains(part, lat, lon) for part in self._areas.get(one, ())))
        return next(inside, None)

    def _hours(self, index: int, shop: ShopFeature) -> Week | None:
        """Its hours, () when it tells none, None when they are wrong."""
        try:
            return parse_hours(shop.hours) if shop.hours is not None else ()
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            self._refuse(index, "properties.hours", message, hint)
            return None
