"""Regions, shops and fences as a release's store.json carries them: plain, strict and serialisable."""

from datetime import date
from typing import Annotated

from pydantic import Field

from vitrine.api.store_files import StrictFile
from vitrine.api.store_geojson import Lat, Lon
from vitrine.places.fences import Fence, Fences
from vitrine.places.regions import Places, Region, Shop

Ring = tuple[tuple[Lon, Lat], ...]
Minutes = Annotated[int, Field(ge=0, le=2_880)]


class RegionPlace(StrictFile):
    """A delivery region; see places.regions.Region."""

    id: str
    timezone: str
    country: str
    subdivisions: list[str]
    lat: Lat
    lon: Lon
    polygons: tuple[tuple[Ring, ...], ...]
    holidays: dict[date, str]

    def to_domain(self) -> Region:
        """The region as decisions use it."""
        return Region(
            id=self.id,
            timezone=self.timezone,
            country=self.country,
            subdivisions=frozenset(self.subdivisions),
            lat=self.lat,
            lon=self.lon,
            polygons=self.polygons,
            holidays=self.holidays,
        )


class ShopPlace(StrictFile):
    """A shop; see places.regions.Shop."""

    id: str
    name: dict[str, str]
    lat: Lat
    lon: Lon
    region: str
    hours: tuple[tuple[Minutes, Minutes] | None, ...]

    def to_domain(self) -> Shop:
        """The shop as decisions use it."""
        return Shop(self.id, self.name, self.lat, self.lon, self.region, self.hours)


class FencePlace(StrictFile):
    """A fence; see places.fences.Fence."""

    id: str
    name: dict[str, str]
    lat: Lat
    lon: Lon
    radius_m: float
    polygons: tuple[tuple[Ring, ...], ...]
    shop: str | None = None
    region: str
    dwell_s: int
    per_person: int
    per_day: int

    def to_domain(self) -> Fence:
        """The fence as it is watched."""
        return Fence(**dict(self))


class PlacesFile(StrictFile):
    """Regions in the order of store.yaml, shops and fences in the order of their file. A store without places has none.

    Fences are no part of what decisions use: a page view does not carry them.
    """

    regions: list[RegionPlace] = Field(default_factory=list)
    shops: list[ShopPlace] = Field(default_factory=list)
    fences: list[FencePlace] = Field(default_factory=list)

    def to_domain(self) -> Places:
        """Regions and shops as decisions use them."""
        regions = {region.id: region.to_domain() for region in self.regions}
        return Places(regions, tuple(shop.to_domain() for shop in self.shops))

    def to_fences(self) -> Fences:
        """Fences as geofence events are judged by them."""
        return Fences({fence.id: fence.to_domain() for fence in self.fences})
