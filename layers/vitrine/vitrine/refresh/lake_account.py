"""The account of a lake that was loaded: what was read, what was left out and why, and from when to when it reaches."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from vitrine.refresh.report import Section, TableFigure, Tone
from vitrine.values import dataclass, field

DUPLICATE: Final = "duplicate"
FEW: Final = 0.05  # of the lines may be garbage without a warning


@dataclass(frozen=True, slots=True)
class LakeAccount:
    """Numbers of events, but for instants.

    `rows` are those read by source, `left_out` those of them that do not count, by reason. `bots` are visitors,
    `bot_events` their deeds. `unknown_items` count as events, but their items are not in the catalogue, so no list can
    show them. `missing` are files that a lake may lack.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    bots: int = 0
    bot_events: int = 0
    unknown_items: int = 0
    events: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    missing: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The lake in one line."""
        read = sum(self.rows.values())
        if not self.events:
            return f"the lake holds no event that counts ({read:,} read{_told(self.left_out)})"
        span = f"{_day(self.first_ms)} to {_day(self.last_ms)}"
        bots = f"; {self.bots:,} bots with {self.bot_events:,} events left out" if self.bots else ""
        unknown = f"; {self.unknown_items:,} of items that the catalogue lacks" if self.unknown_items else ""
        return f"{self.events:,} events of {span}, {read:,} read{_told(self.left_out)}{bots}{unknown}"

    @property
    def tone(self) -> Tone:
        """Bad without events; a warning when many lines did not count, other than as copies."""
        if not self.events:
            return "bad"
        lost = sum(self.left_out.values()) - self.left_out.get(DUPLICATE, 0)
        return "warning" if lost > FEW * sum(self.rows.values()) else "good"

    def section(self) -> Section:
        """The account as a part of the refresh report."""
        figures = [TableFigure("Read", ("source", "events"), list(self.rows.items()))]
        if self.missing:
            figures.append(TableFigure("Not there", ("file",), [(name,) for name in self.missing]))
        left_out = list(self.left_out.items())
        left_out += [(f"of bots ({self.bots:,} visitors)", self.bot_events)] if self.bots else []
        if left_out:
            figures.append(TableFigure("Left out", ("reason", "events"), left_out))
        if self.unknown_items:
            row = ("of items that the catalogue lacks", self.unknown_items)
            figures.append(TableFigure("Of no use to the lists", ("reason", "events"), [row]))
        return Section("Events", self.summary, figures, self.tone)


def _told(reasons: Mapping[str, int]) -> str:
    return "".join(f", {n:,} {reason}" for reason, n in reasons.items())


def _day(ms: int | None) -> str:
    """The day of an instant; what no calendar holds as a number."""
    try:
        return "-" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
