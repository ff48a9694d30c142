"""What differs between two compiled stores, by name: for people who publish one.

Names are compared with what stands under them in the files, so a campaign that only moved within its file is no change
of its own; that the order differs is said, because it decides between equals.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from vitrine.values import dataclass

SECTIONS: Final = (
    "campaigns",
    "placements",
    "audiences",
    "personas",
    "rules",
    "emphasis",
    "bundles",
    "messages",
    "outreach",
    "places",
    "store",
)
ORDER: Final = "their order"


@dataclass(frozen=True, slots=True)
class Changes:
    """What was added to, removed from and changed in one section of the files."""

    section: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __str__(self) -> str:
        parts = {"added": self.added, "removed": self.removed, "changed": self.changed}
        return f"{self.section}: " + "; ".join(f"{word} {', '.join(names)}" for word, names in parts.items() if names)


def changes_of(before: bytes, after: bytes) -> list[Changes]:
    """The sections that differ; everything is new where the store before cannot be read."""
    then, now = _plain(before), _plain(after)
    return [found for section in SECTIONS for found in _changes(section, then.get(section), now.get(section))]


def campaign_count(data: bytes | None) -> int | None:
    """How many campaigns a compiled store has; None when there is no such store, or it is damaged."""
    plain = _plain(data or b"")
    return len(_by_name(plain.get("campaigns"))) if plain else None


def _changes(section: str, before: object, after: object) -> Iterator[Changes]:
    then, now = _by_name(before), _by_name(after)
    added = tuple(name for name in now if name not in then)
    removed = tuple(name for name in then if name not in now)
    changed = tuple(name for name in now if name in then and now[name] != then[name])
    if not added and not removed and list(then) != list(now):
        changed += (ORDER,)
    if added or removed or changed:
        yield Changes(section, added, removed, changed)


def _by_name(section: object) -> Mapping[str, Any]:
    """What stands under each name: of a mapping as it is, of a list by the names of its entries."""
    if isinstance(section, dict):
        return section
    if isinstance(section, list):
        return {str(entry.get("name")): entry for entry in section if isinstance(entry, dict)}
    return {}


def _plain(data: bytes) -> Mapping[str, Any]:
    try:
        plain = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}
    return plain if isinstance(plain, dict) else {}
