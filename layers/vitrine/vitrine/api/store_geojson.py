"""store/stores.geojson as strict models: a FeatureCollection (RFC 7946) of regions and shops."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from vitrine.api.store_files import About, Name, StrictFile, Texts, Timezone

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


class PointGeometry(StrictFile):
    """Where a shop stands."""

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
    """One region or shop."""

    type: Literal["Feature"]
    id: str | int | None = None
    bbox: list[float] | None = None
    properties: Annotated[RegionFeature | ShopFeature, Field(discriminator="kind")]
    geometry: Annotated[PointGeometry | PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")]


class Collection(StrictFile):
    """The file. Its features are checked one by one, so that each fault is named with its feature."""

    type: Literal["FeatureCollection"]
    features: list[object]
    bbox: list[float] | None = None
    comment: About | None = None
