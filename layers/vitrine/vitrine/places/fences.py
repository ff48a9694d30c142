"""Fences around shops: circles and polygons, and how far a position is from their border.

Fences are few kilometres wide at most, so the ground around one is taken as flat.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import cos, hypot, pi, radians, sqrt
from typing import Final

from vitrine.places.geometry import EARTH_RADIUS_KM, Point, Polygon, area, contains, distance_km
from vitrine.types import RegionId
from vitrine.values import dataclass, field

DEGREE_M: Final = radians(1) * EARTH_RADIUS_KM * 1000
"""Metres of a degree of latitude; a degree of longitude has its cosine of them."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A circle of `radius_m` around (lat, lon). Or polygons: then that is their centre, and the radius is of a circle
    as large as they are.

    Somebody dwells after `dwell_s` within. In a day it calls for a message to one person at most `per_person` times, to
    all together at most `per_day` times.
    """

    id: str
    lat: float
    lon: float
    radius_m: float
    name: Mapping[str, str] = field(default_factory=dict)
    polygons: tuple[Polygon, ...] = ()
    shop: str | None = None
    region: RegionId | None = None
    dwell_s: int = 300
    per_person: int = 1
    per_day: int = 10_000

    def beyond_m(self, lat: float, lon: float) -> float:
        """Metres from the border to a position outside, negative for one inside."""
        if not self.polygons:
            return distance_km(self.lat, self.lon, lat, lon) * 1000 - self.radius_m
        away_m = min(_to_edge_m(edge, lat, lon) for edge in self._edges())
        return -away_m if any(contains(polygon, lat, lon) for polygon in self.polygons) else away_m

    def _edges(self) -> Iterable[tuple[Point, Point]]:
        return (edge for polygon in self.polygons for ring in polygon for edge in pairwise(ring))

    @property
    def reach_m(self) -> float:
        """Metres from the centre to the farthest point of the border."""
        corners = (corner for polygon in self.polygons for corner in polygon[0])
        return max((distance_km(self.lat, self.lon, lat, lon) * 1000 for lon, lat in corners), default=self.radius_m)


@dataclass(frozen=True, slots=True)
class Fences:
    """All fences of a store, by id."""

    by_id: Mapping[str, Fence] = field(default_factory=dict)

    def around(self, lat: float, lon: float) -> Fence | None:
        """The smallest of the fences that a position lies in, None outside all."""
        inside = (fence for fence in self.by_id.values() if _is_near(fence, lat) and fence.beyond_m(lat, lon) <= 0)
        return min(inside, key=lambda fence: (fence.radius_m, fence.id), default=None)


def round_radius_m(polygons: Iterable[Polygon], lat: float) -> float:
    """Radius in metres of the circle that is as large as polygons around a latitude."""
    degrees = sum(area(polygon) for polygon in polygons)
    return sqrt(degrees * DEGREE_M**2 * cos(radians(lat)) / pi)


def _is_near(fence: Fence, lat: float) -> bool:
    """Whether the latitude alone leaves it open; a chain of a thousand shops asks this of each."""
    return bool(fence.polygons) or abs(fence.lat - lat) * DEGREE_M <= fence.radius_m


def _to_edge_m(edge: tuple[Point, Point], lat: float, lon: float) -> float:
    """Metres from a position to the nearest point of an edge."""
    narrow = cos(radians(lat))
    (x1, y1), (x2, y2) = ((_turn(x - lon) * narrow, y - lat) for x, y in edge)
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(x1 * dx + y1 * dy) / length))
    return hypot(x1 + along * dx, y1 + along * dy) * DEGREE_M


def _turn(degrees: float) -> float:
    """A difference of longitudes the short way round, from -180 to 180."""
    return (degrees + 180) % 360 - 180
