"""What the studio's panel offers: the store's regions and personas, and what the data holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.decisions.placements import Store
from vitrine.local.studio_data import read_data


class Choices:
    """The store's files and the lake's goods. What it tells is read when first asked for, which takes seconds."""

    def __init__(self, store: Path, lake: Path) -> None:
        self._folder = store
        self._lake = lake
        self._store: Store | None = None
        self._told: dict[str, Any] | None = None

    @property
    def store(self) -> Store:
        """The store, without its public holidays.

        Raises:
            InvalidStore: a file is wrong.
        """
        if self._store is None:
            self._store = load_store(compile_store(self._folder, range(0)))
        return self._store

    @property
    def zones(self) -> dict[str, str]:
        """IANA zones by region."""
        return {region: self.store.places.regions[region].timezone for region in self.store.regions}

    def told(self) -> dict[str, Any]:
        """Everything, as JSON. Not kept as long as the data has not been imported."""
        if self._told is not None:
            return self._told
        regions = read_store_file(self._folder).regions
        data = read_data(self._lake)
        told = {
            "currency": self.store.currency,
            "default_region": self.store.default_region,
            "regions": [{"id": one.id, "name": english(one.name), "zone": self.zones[one.id]} for one in regions],
            "personas": [persona.name for persona in self.store.personas],
            **data,
        }
        if data["items"]:
            self._told = told
        return told


def english(texts: Mapping[str, str]) -> str:
    """A text in English, or in whatever language there is first."""
    return texts.get("en") or next(iter(texts.values()))
