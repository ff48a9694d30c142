"""The regions of the store, as a shopper chooses among them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from vitrine.api.store_folder import read_store_file
from vitrine.errors import InvalidStore
from vitrine.types import RegionId
from vitrine.values import dataclass

PLACES: Final = "stores.geojson"


@dataclass(frozen=True, slots=True)
class Region:
    """`bit` is its place in the stock mask; `point` is latitude and longitude of somewhere within, None if unknown."""

    id: RegionId
    bit: int
    names: Mapping[str, str]
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """What the shop needs of the store's own file. `regions` are in the order of their bits."""

    name: str
    currency: str
    regions: Sequence[Region]
    default: Region

    def region(self, wanted: str) -> Region:
        """The region of that id, or the default one."""
        return next((region for region in self.regions if region.id == wanted), self.default)


def read_trade(store: Path) -> Trade:
    """The trade of a store folder.

    Raises:
        InvalidStore: store.yaml is wrong, or the places are no GeoJSON.
    """
    file = read_store_file(store)
    points = read_points(store / PLACES)
    regions = [Region(region.id, bit, region.name, points.get(region.id)) for bit, region in enumerate(file.regions)]
    default = next(region for region in regions if region.id == file.default_region)
    return Trade(file.name, file.currency, regions, default)


def read_points(file: Path) -> Mapping[RegionId, tuple[float, float]]:
    """Where the weather of each region is observed, which is a point within; empty without a file.

    Raises:
        InvalidStore: the file is no GeoJSON of regions.
    """
    if not file.is_file():
        return {}
    try:
        features = json.loads(file.read_text(encoding="utf-8"))["features"]
        about = [feature["properties"] for feature in features]
        return {one["id"]: (one["weather"][1], one["weather"][0]) for one in about if one.get("weather")}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InvalidStore(f"{file} is no GeoJSON of regions; see `vitrine validate`") from error
