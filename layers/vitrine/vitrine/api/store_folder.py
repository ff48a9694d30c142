"""A store folder checked, and compiled to what a release carries: for publishing, not for serving."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vitrine.api.store_build import StoreParts, build_store, dump_store
from vitrine.api.store_compile_messages import compile_outreach
from vitrine.api.store_faults import Fault
from vitrine.api.store_files import StoreFile
from vitrine.api.store_reading import STORE, Reading
from vitrine.errors import InvalidStore

HOLIDAY_YEARS: Final = range(2015, 2041)
"""Public holidays are written down for these years: a release has no calendar, and its bytes depend on no clock."""

_MAX_TOLD: Final = 10


def check_store(folder: Path) -> list[Fault]:
    """Everything that is wrong with the files of a store, by file and line; empty for a store that can be published."""
    return _read(folder, HOLIDAY_YEARS)[1]


def count_parts(folder: Path) -> Mapping[str, int]:
    """How many of each kind a store has.

    Raises:
        InvalidStore: a file is wrong; names the first faults.
    """
    parts = _checked(folder, range(0))
    rows = ("placements", "audiences", "personas", "campaigns", "rules", "bundles", "messages")
    return {**{name: len(getattr(parts, name)) for name in rows}, "shops": len(parts.places.shops)}


def read_store_file(folder: Path) -> StoreFile:
    """store.yaml of a store folder.

    Raises:
        InvalidStore: it is missing, not YAML, or says something that does not fit.
    """
    reading = Reading(folder)
    store = reading.store()
    if store is None or reading.faults:
        raise InvalidStore(_told(reading.faults))
    return store


def compile_store(folder: Path, years: range = HOLIDAY_YEARS) -> bytes:
    """The store folder, checked and compiled to the bytes of a release's store.json.

    An empty range of years leaves public holidays out, and with them the package that knows them.

    Raises:
        InvalidStore: names files, lines and places of the first faults, and how many more there are.
    """
    return dump_store(_checked(folder, years))


def _checked(folder: Path, years: range) -> StoreParts:
    parts, faults = _read(folder, years)
    if parts is None or faults:
        raise InvalidStore(_told(faults))
    return parts


def _read(folder: Path, years: range) -> tuple[StoreParts | None, list[Fault]]:
    reading = Reading(folder)
    if not folder.is_dir():
        return None, [Fault(str(folder / STORE), 1, "", "is missing", f"{folder} is no folder")]
    parts = reading.parts(reading.store(), years)
    if parts is not None:
        build_store(parts, reading.refuse, checking=True)
        compile_outreach(parts, reading.refuse, checking=True)
        reading.feed(parts.store)
        reading.extracts(parts.store)
    return parts, sorted(set(reading.faults))


def _told(faults: list[Fault]) -> str:
    lines = [f"{fault} ({fault.hint})" if fault.hint else str(fault) for fault in faults[:_MAX_TOLD]]
    more = [f"and {len(faults) - _MAX_TOLD} more; vitrine validate lists them"] if len(faults) > _MAX_TOLD else []
    return "\n".join([*lines, *more])
