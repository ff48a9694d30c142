"""Positions on the globe: inside a polygon, how far apart, in which cell of a grid. Angles are degrees."""

from collections.abc import Sequence
from itertools import pairwise
from math import asin, cos, floor, radians, sin, sqrt
from typing import Final, TypeAlias

import numpy as np

Point: TypeAlias = tuple[float, float]
"""(longitude, latitude), the order of GeoJSON."""
Ring: TypeAlias = tuple[Point, ...]
Polygon: TypeAlias = tuple[Ring, ...]
"""The outer ring, then holes."""

EARTH_RADIUS_KM: Final = 6_371.0088  # the mean one, IUGG 1980
CELL_DEG: Final = 0.5


def contains(polygon: Polygon, lat: float, lon: float) -> bool:
    """Whether a point is in a polygon and in none of its holes: the even-odd rule over all edges.

    An edge owns its lower end and the side to its left. So of two polygons that share a border exactly one owns each
    of its points, whichever way round either was drawn.
    """
    inside = False
    for ring in polygon:
        for start, end in pairwise(ring):
            if _is_right_of(start, end, lat, lon):
                inside = not inside
    return inside


def _is_right_of(start: Point, end: Point, lat: float, lon: float) -> bool:
    """Whether an edge crosses the point's parallel east of it."""
    (x1, y1), (x2, y2) = (start, end) if start[1] <= end[1] else (end, start)
    return y1 <= lat < y2 and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1)


def centroid(polygon: Polygon) -> Point:
    """(lon, lat) of the centre of area of the outer ring, taken as flat; the mean of its points if it has no area."""
    ring = polygon[0]
    x0, y0 = ring[0]  # relative to a corner: products of large coordinates would lose digits
    doubled, x, y = 0.0, 0.0, 0.0
    for (x1, y1), (x2, y2) in pairwise(ring):
        cross = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        doubled += cross
        x += (x1 + x2 - 2 * x0) * cross
        y += (y1 + y2 - 2 * y0) * cross
    if abs(doubled) < 1e-12:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    return x0 + x / (3 * doubled), y0 + y / (3 * doubled)


def area(polygon: Polygon) -> float:
    """Area of the outer ring in square degrees, taken as flat: good for telling the largest part of a region."""
    ring = polygon[0]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Distance along the surface of a sphere in kilometres (haversine; R. W. Sinnott, Sky and Telescope 68, 1984)."""
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    h = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(h)))


def cell_centre(lat: float, lon: float) -> tuple[float, float]:
    """(lat, lon) of the grid point nearest to a position; halfway goes north and east, 180 is -180."""
    on_grid_lat = floor(lat / CELL_DEG + 0.5) * CELL_DEG
    on_grid_lon = floor(lon / CELL_DEG + 0.5) * CELL_DEG
    return on_grid_lat, -180.0 if on_grid_lon >= 180.0 else on_grid_lon


def cell_of(lat: float, lon: float) -> str:
    """Name of the cell that a position is in, such as "39.0_-84.5": its centre with one digit each, never "-0.0"."""
    on_grid_lat, on_grid_lon = cell_centre(lat, lon)
    return f"{on_grid_lat + 0.0:.1f}_{on_grid_lon + 0.0:.1f}"  # -0.0 + 0.0 is 0.0


class Nearest:
    """Finds the nearest of fixed positions; a chain of a thousand shops must not cost a page view a loop over them."""

    def __init__(self, positions: Sequence[tuple[float, float]]) -> None:
        """`positions` are (lat, lon)."""
        self._positions = tuple(positions)
        lat, lon = np.radians(np.array(self._positions, float).reshape(-1, 2)).T
        self._unit = np.stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), axis=1)  # [n, 3]

    def to(self, lat: float, lon: float) -> tuple[int, float] | None:
        """Index of the nearest position, the first of equals, and its distance in km; None if there is none."""
        if not self._positions:
            return None
        phi, theta = radians(lat), radians(lon)
        point = np.array((cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)))
        index = int(np.argmax(self._unit @ point))
        return index, distance_km(lat, lon, *self._positions[index])
