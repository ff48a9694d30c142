"""Regions a store delivers to and its shops: which of them a visitor is in or near."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from vitrine.places.geometry import Nearest, Polygon, cell_centre, cell_of, contains
from vitrine.types import Geo, RegionId, Viewer
from vitrine.values import dataclass, field

MAX_WEATHER_KM: Final = 75.0
"""Chosen, not measured: about an hour's drive. Whoever is farther from all places gets their region's weather."""


@dataclass(frozen=True, slots=True)
class Region:
    """A delivery region. `polygons` are rings of (lon, lat) in degrees, the outer one first, as GeoJSON has them.

    `lat`, `lon` are where its weather is taken. `subdivisions` are ISO 3166-2 codes without the country ("OH").
    `holidays` are public holidays by date, written down when the store was compiled.
    """

    id: RegionId
    timezone: str
    country: str | None = None
    subdivisions: frozenset[str] = frozenset()
    lat: float | None = None
    lon: float | None = None
    polygons: tuple[Polygon, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def position(self) -> tuple[float, float] | None:
        """(lat, lon) of its weather, None when it has none."""
        return None if self.lat is None or self.lon is None else (self.lat, self.lon)

    def contains(self, geo: Geo) -> bool:
        """Whether coordinates lie in one of its polygons."""
        return any(contains(polygon, geo.lat, geo.lon) for polygon in self.polygons)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of the chain. `hours` are opening and closing minutes of the local day per weekday, Monday first.

    A shop that closes after midnight has a closing minute above 1440. No hours at all: nobody said when it is open.
    """

    id: str
    name: Mapping[str, str]
    lat: float
    lon: float
    region: RegionId | None = None
    hours: tuple[tuple[int, int] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Regions by id and shops."""

    regions: Mapping[RegionId, Region] = field(default_factory=dict)
    shops: tuple[Shop, ...] = ()
    _shops: Nearest = field(init=False, repr=False, compare=False)
    _weather: Nearest = field(init=False, repr=False, compare=False)
    _positions: tuple[tuple[float, float], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        at_shops = tuple((shop.lat, shop.lon) for shop in self.shops)
        centres = (region.position for region in self.regions.values())
        positions = (*(centre for centre in centres if centre is not None), *at_shops)
        object.__setattr__(self, "_shops", Nearest(at_shops))
        object.__setattr__(self, "_weather", Nearest(positions))
        object.__setattr__(self, "_positions", positions)

    def region_of_viewer(self, viewer: Viewer) -> RegionId | None:
        """The region where the network says the caller is, None when it does not say or it is in none.

        A subdivision that one region lists decides; else the coordinates; else the country, if it has one region and
        that one is not for other subdivisions only.
        """
        of_country = [one for one in self.regions.values() if viewer.country and one.country == viewer.country]
        listing = [one for one in of_country if viewer.subdivision in one.subdivisions]
        if len(listing) == 1:
            return listing[0].id
        by_geo = self.region_at(viewer.geo) if viewer.geo is not None else None
        if by_geo is not None:
            return by_geo
        if len(of_country) != 1:
            return None
        (only,) = of_country
        is_elsewhere = bool(only.subdivisions) and viewer.subdivision is not None and not listing
        return None if is_elsewhere else only.id

    def region_at(self, geo: Geo) -> RegionId | None:
        """The region that the coordinates lie in, None outside all. Of regions that overlap the first declared."""
        return next((region.id for region in self.regions.values() if region.contains(geo)), None)

    def nearest_shop(self, geo: Geo) -> tuple[Shop, float] | None:
        """The shop nearest to the coordinates and its distance in kilometres, None without shops.

        Coordinates are rounded to 0.1 degree, so the distance is right to some 7 km.
        """
        found = self._shops.to(geo.lat, geo.lon)
        return None if found is None else (self.shops[found[0]], found[1])

    def weather_cell(self, region: RegionId, geo: Geo | None) -> str | None:
        """The cell whose weather a visitor has: of their coordinates where we know one near, else of their region.

        None when the region is unknown or has no coordinates.
        """
        found = self._weather.to(geo.lat, geo.lon) if geo is not None else None
        if found is not None and found[1] <= MAX_WEATHER_KM:
            return cell_of(*self._positions[found[0]])
        declared = self.regions.get(region)
        at = declared.position if declared is not None else None
        return None if at is None else cell_of(*at)

    @property
    def cells(self) -> Mapping[str, tuple[float, float]]:
        """(lat, lon) of the centre of every cell in which a region's weather is taken or a shop stands."""
        return {cell_of(lat, lon): cell_centre(lat, lon) for lat, lon in self._positions}

    def cells_of_region(self, region: RegionId) -> frozenset[str]:
        """The cells of a region: its own and those of its shops."""
        declared = self.regions.get(region)
        own = (declared.position,) if declared is not None and declared.position is not None else ()
        shops = ((shop.lat, shop.lon) for shop in self.shops if shop.region == region)
        return frozenset(cell_of(lat, lon) for lat, lon in (*own, *shops))
