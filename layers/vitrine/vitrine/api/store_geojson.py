"""store/stores.geojson as strict models: a FeatureCollection (RFC 7946) of regions, shops and fences."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from vitrine.api.store_files import About, Name, StrictFile, Texts, Timezone

MIN_RADIUS_M: Final = 100.0
"""Android's guide to geofencing asks for 100 to 150 m at least: telephones find themselves to 20 to 50 m with Wi-Fi."""
MAX_RADIUS_M: Final = 10_000.0

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Position = Annotated[list[float], Field(min_length=2, max_length=3)]
"""Longitude, latitude and perhaps an altitude, which is not used. Ranges: see `store_areas`."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Subdivision = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$")]


class RegionFeature(StrictFile):
    """Properties of a region."""

    kind: Literal["region"]
    id: Name
    """The region's id in store.yaml."""
    timezone: Timezone
    country: Country
    """ISO 3166-1, two letters; public holidays are those of this country."""
    subdivisions: list[Subdivision] = Field(default_factory=list)
    """ISO 3166-2 codes without the country, such as OH; empty for the whole country."""
    weather: tuple[Lon, Lat] | None = None
    """[longitude, latitude] of where the region's weather is taken; its centre without it."""
    comment: About | None = None


class ShopFeature(StrictFile):
    """Properties of a shop."""

    kind: Literal["shop"]
    id: Name
    name: Texts
    region: str | None = None
    """The region that it belongs to; the one that it stands in without it."""
    hours: dict[str, str] | None = None
    """Per day or span of days, such as {"mon-fri": "08:00-22:00", "sun": "closed"}; a day left out is closed."""
    comment: About | None = None


class FenceFeature(StrictFile):
    """Properties of a fence: a Point with a radius, or an area. Whoever crosses it with the shop's app may be told."""

    kind: Literal["fence"]
    id: Name
    shop: str | None = None
    """The shop that it is around: its name and region are the fence's, its goods and hours what messages speak of."""
    name: Texts | None = None
    """The shop's name without it."""
    region: str | None = None
    """The shop's region without it; without a shop, the one that its centre is in."""
    radius_m: Annotated[float, Field(ge=MIN_RADIUS_M, le=MAX_RADIUS_M)] | None = None
    """Of a fence around a Point, in metres."""
    dwell_s: Annotated[int, Field(ge=60, le=86_400)] = 300
    """After so many seconds within somebody dwells."""
    per_person: Annotated[int, Field(ge=1, le=24)] = 1
    """How often the fence may call for a message to one person within a day."""
    per_day: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """How often it may do so for all persons together, by days of UTC."""
    comment: About | None = None


class PointGeometry(StrictFile):
    """Where a shop stands, or the centre of a fence."""

    type: Literal["Point"]
    coordinates: Position


class PolygonGeometry(StrictFile):
    """An area: the outer ring, then holes."""

    type: Literal["Polygon"]
    coordinates: list[list[Position]]


class MultiPolygonGeometry(StrictFile):
    """Several areas."""

    type: Literal["MultiPolygon"]
    coordinates: list[list[list[Position]]]


class Feature(StrictFile):
    """One region, shop or fence."""

    type: Literal["Feature"]
    id: str | int | None = None
    bbox: list[float] | None = None
    properties: Annotated[RegionFeature | ShopFeature | FenceFeature, Field(discriminator="kind")]
    geometry: Annotated[PointGeometry | PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")]


class Collection(StrictFile):
    """The file. Its features are checked one by one, so that each fault is named with its feature."""

    type: Literal["FeatureCollection"]
    features: list[object]
    bbox: list[float] | None = None
    comment: About | None = None
