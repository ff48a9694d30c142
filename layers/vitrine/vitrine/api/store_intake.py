"""What a store folder declares of data that comes from elsewhere: the catalogue's feed, extracts of other systems."""

from collections.abc import Mapping
from pathlib import Path

from vitrine.api.store_faults import Fault
from vitrine.api.store_files import StoreFile
from vitrine.api.store_reading import Reading
from vitrine.catalog.feed_plan import FeedPlan
from vitrine.errors import InvalidStore
from vitrine.refresh.crm_rows import ExtractPlan


def read_feed_plan(folder: Path) -> FeedPlan | None:
    """The feed that feeds.yaml declares, None without such a file.

    Raises:
        InvalidStore: it, or store.yaml, is wrong; names the faults.
    """
    reading = Reading(folder)
    store = _store(reading)
    feed = reading.feed(store)
    _require_no_faults(reading.faults)
    if feed is None:
        return None
    return feed.to_domain(store)


def read_extract_plans(folder: Path) -> Mapping[str, ExtractPlan]:
    """The extracts that crm.yaml declares, by name; none without such a file.

    Raises:
        InvalidStore: it, or store.yaml, is wrong; names the faults.
    """
    reading = Reading(folder)
    store = _store(reading)
    extracts = reading.extracts(store)
    _require_no_faults(reading.faults)
    return {name: file.to_domain(name, store) for name, file in extracts.items()}


def _store(reading: Reading) -> StoreFile:
    store = reading.store()
    if store is None:
        raise InvalidStore(_told(reading.faults))
    return store


def _require_no_faults(faults: list[Fault]) -> None:
    if faults:
        raise InvalidStore(_told(faults))


def _told(faults: list[Fault]) -> str:
    return "\n".join(f"{fault} ({fault.hint})" if fault.hint else str(fault) for fault in sorted(set(faults)))
