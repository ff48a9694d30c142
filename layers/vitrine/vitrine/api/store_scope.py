"""What the parts of a store are compiled against: names, attributes, conditions, and where faults are noted."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vitrine.api.store_actions import PlacementFile
from vitrine.api.store_campaigns import ScheduleFile
from vitrine.api.store_conditions import Conditions
from vitrine.api.store_faults import Place, Refuse, suggest
from vitrine.api.store_files import StoreFile
from vitrine.api.store_rules import EmphasisFile
from vitrine.rules.conditions import Attribute
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One store while it is compiled.

    `placements` None are known by name only, because what the file says of them is wrong. `checking` looks for what
    only a check has to find, since loading reads what a check has passed.
    """

    store: StoreFile
    attributes: Mapping[str, Attribute]
    placements: Mapping[str, PlacementFile | None]
    conditions: Conditions
    refuse: Refuse
    checking: bool
    sensitive: frozenset[str] = frozenset()
    """Attributes that may decide no price and no offer; `persona` is one when any persona looks at one."""
    emphasis: EmphasisFile | None = None
    """None when what the file says of it is wrong."""

    @property
    def locales(self) -> tuple[str, ...]:
        """The store's locales."""
        return tuple(self.store.locales)

    def known_placements(self, names: list[str], at: Place) -> frozenset[str]:
        """The names, each of which has to be a placement."""
        for index, name in enumerate(names):
            if name not in self.placements:
                said = f"there is no placement {name!r}"
                self.refuse((*at, index), said, suggest(name, self.placements, "placements"))
        return frozenset(names)

    def known_attribute(self, path: str | None, at: Place) -> None:
        """Refuse a path that is no attribute."""
        if path is not None and path not in self.attributes:
            self.refuse(at, f"there is no attribute {path!r}", suggest(path, self.attributes, "attributes"))


def check_locales(texts: Iterable[str], scope: Scope, at: Place) -> None:
    """Refuse locales that the store lacks, and the lack of one that it has."""
    spelled = list(texts)
    for locale in spelled:
        if locale not in scope.locales:
            scope.refuse((*at, locale), f"the store has no locale {locale!r}", f"locales: {', '.join(scope.locales)}")
    for locale in scope.locales:
        if locale not in spelled:
            scope.refuse(at, f"lacks the locale {locale!r}", f"write a text for each of {', '.join(scope.locales)}")


class Span(NamedTuple):
    """When something runs: from the first instant up to, without it, the second. None is open."""

    starts_ms: int | None = None
    ends_ms: int | None = None


def compile_schedule(file: ScheduleFile | None, scope: Scope, at: Place) -> Span:
    """The instants of a schedule. In the hour that a change of clocks repeats, its first run is meant."""
    if file is None:
        return Span()
    zone = ZoneInfo(file.timezone or scope.store.timezone)
    starts = None if file.starts is None else _instant_ms(file.starts, zone)
    ends = None
    if file.ends is not None:
        ends = end_ms(file.ends, zone)
    if starts is not None and ends is not None and starts >= ends:
        order = "when" if starts == ends else "before"
        said = f"ends at {file.ends}, {order} it starts at {file.starts}"
        scope.refuse((*at, "until"), said, "swap them, or correct one")
    return Span(starts, ends)


def end_ms(text: str, zone: ZoneInfo) -> int:
    """The instant of an end that a file names; a date without a time of day includes that day."""
    whole_day = timedelta(days=1) if len(text) == len("2026-12-24") else timedelta()
    return _instant_ms(text, zone, whole_day)


def _instant_ms(text: str, zone: ZoneInfo, after: timedelta = timedelta()) -> int:
    local = datetime.fromisoformat(text) + after
    aware = local if local.tzinfo is not None else local.replace(tzinfo=zone)
    return round(aware.timestamp() * 1000)
