"""Told before files are published: the categories and items they name that the stack on hand does not have."""

import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from vitrine.api.store_faults import Fault
from vitrine.api.store_goods import Kind, Named, goods_of
from vitrine.api.store_reading import Reading
from vitrine.ports import Table
from vitrine.refresh.goods import Missing, missing_goods


def unknown_goods(folder: Path, table: Table) -> list[Fault]:
    """Every mention of a category that sells nowhere, and of an item without a card, by file and line.

    Empty, too, where there is nothing to check against: before the first release, or with other regions than its own.

    Raises:
        InvalidRelease: the pointer could not be read, or is damaged.
        DependencyFailed: the table did not answer, or not in time.
    """
    reading = Reading(folder)
    parts = reading.parts(reading.store(), range(0))
    if parts is None:
        return []
    named = list(goods_of(parts))
    categories, items = _names(named, "category"), _names(named, "item")
    missing = missing_goods(categories, items, [region.id for region in parts.store.regions], table) or Missing()
    known = _with_all_above(path for path in categories if path not in missing.categories)
    for good in named:
        if good.kind == "category" and good.name in missing.categories:
            close = get_close_matches(good.name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else ""
            reading.refuse(good.place, f"there is no category {good.name!r} of which anything sells", hint)
        if good.kind == "item" and good.name in missing.items:
            reading.refuse(good.place, f"there is no item {good.name!r} in the catalogue", "")
    return sorted(set(reading.faults))


def warn_of(unknown: Iterable[Fault]) -> None:
    """Print them where they do not mix with a command's result."""
    for fault in unknown:
        print(f"warning: {fault}", file=sys.stderr)
        if fault.hint:
            print(f"    {fault.hint}", file=sys.stderr)


def _with_all_above(paths: Iterable[str]) -> list[str]:
    """The paths and those they lie in, which have a shelf if they have."""
    levels = (path.split("/") for path in paths)
    return list(dict.fromkeys("/".join(some[:depth]) for some in levels for depth in range(len(some), 0, -1)))


def _names(named: Iterable[Named], kind: Kind) -> list[str]:
    return list(dict.fromkeys(good.name for good in named if good.kind == kind))
