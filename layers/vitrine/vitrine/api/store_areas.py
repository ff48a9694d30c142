"""Coordinates of a GeoJSON file, checked: in range, rings closed, areas that are areas and not too fine."""

from collections.abc import Iterator, Sequence
from typing import Final

from vitrine.api.store_geojson import MultiPolygonGeometry, PointGeometry, PolygonGeometry
from vitrine.places.geometry import Polygon, area

MAX_POINTS: Final = 2_000
"""Of all rings of a region: a page view compares its coordinates with each of them."""
MIN_RING: Final = 4

Complaint = tuple[str, str]
"""What is wrong and how to mend it."""


def position_fault(position: Sequence[float]) -> Complaint | None:
    """What is wrong with a position, None when it is on the globe."""
    lon, lat = position[:2]
    if abs(lat) > 90 >= abs(lon):
        return f"latitude {lat:g} is not between -90 and 90", "GeoJSON writes longitude first: are the two swapped?"
    if abs(lat) > 90:
        return f"latitude {lat:g} is not between -90 and 90", "use degrees, longitude first"
    if abs(lon) > 180:
        return f"longitude {lon:g} is not between -180 and 180", "use degrees, longitude first"
    return None


def area_faults(polygons: tuple[Polygon, ...]) -> Iterator[Complaint]:
    """What is wrong with the areas of a region."""
    rings = [ring for polygon in polygons for ring in polygon]
    if not polygons or not all(polygons):
        yield "the area is empty", "give each polygon an outer ring"
        return
    for ring in rings:
        if len(ring) < MIN_RING:
            yield f"a ring has {len(ring)} positions", f"a closed ring has at least {MIN_RING}"
        elif ring[0] != ring[-1]:
            yield f"a ring that begins at {list(ring[0])} is not closed", "repeat its first position at its end"
    misplaced = (fault for ring in rings for position in ring if (fault := position_fault(position)))
    first = next(misplaced, None)
    if first:
        yield first
    n_points = sum(map(len, rings))
    if n_points > MAX_POINTS:
        yield f"the area has {n_points:,} positions", f"simplify it to at most {MAX_POINTS:,}"
    if all(len(ring) >= MIN_RING for ring in rings) and not all(area(polygon) > 0 for polygon in polygons):
        yield "a polygon has no area", "its outer ring has to go around something"


def polygons_of(geometry: PolygonGeometry | MultiPolygonGeometry) -> tuple[Polygon, ...]:
    """The areas as decisions use them, altitudes left out."""
    many = geometry.coordinates if isinstance(geometry, MultiPolygonGeometry) else [geometry.coordinates]
    return tuple(tuple(tuple((at[0], at[1]) for at in ring) for ring in polygon) for polygon in many)


def position_of(geometry: PointGeometry) -> tuple[float, float]:
    """(lon, lat)."""
    return geometry.coordinates[0], geometry.coordinates[1]
