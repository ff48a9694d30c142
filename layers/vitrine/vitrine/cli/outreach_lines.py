"""Lines of `vitrine outreach due`: how many people are due, since when, and how many alarms the next hour brings."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from vitrine.outreach.person import PersonId
from vitrine.outreach.state import SHARDS, shard
from vitrine.outreach.verdicts import span
from vitrine.ports import Agenda
from vitrine.values import dataclass

MINUTE_MS: Final = 60_000
AHEAD_MS: Final = 60 * MINUTE_MS
STEP_MS: Final = 5 * MINUTE_MS
LIMIT: Final = 5_000
"""Alarms of one shard that are counted; what is beyond is said to be more."""

WIDTH: Final = 40
N_MINUTES: Final = 12
"""Minutes of alarms in arrears that are listed one by one, the oldest first."""


@dataclass(frozen=True, slots=True)
class Arrears:
    """Alarms of all shards up to an hour ahead, by shard, the oldest first. `cut` are shards that have more."""

    now_ms: int
    alarms: Mapping[str, Sequence[tuple[PersonId, int]]]
    cut: Sequence[str]

    @property
    def late(self) -> list[tuple[PersonId, int]]:
        """Those that are due now, the oldest first."""
        found = (one for alarms in self.alarms.values() for one in alarms if one[1] <= self.now_ms)
        return sorted(found, key=lambda one: one[1])

    @property
    def ahead(self) -> list[int]:
        """Alarms of the next hour, ms."""
        return [at_ms for alarms in self.alarms.values() for _, at_ms in alarms if at_ms > self.now_ms]


def read_arrears(agenda: Agenda, now_ms: int) -> Arrears:
    """What is due and what will be within an hour.

    Raises:
        DependencyFailed: the index does not answer.
    """
    names = [shard(n) for n in range(SHARDS)]
    alarms = {name: agenda.due(name, now_ms + AHEAD_MS, LIMIT) for name in names}
    return Arrears(now_ms, alarms, [name for name in names if len(alarms[name]) >= LIMIT])


def due_lines(arrears: Arrears) -> Iterator[str]:
    """The whole picture."""
    late = arrears.late
    if not late:
        yield "Nobody is due."
    else:
        person, at_ms = late[0]
        yield f"{_people(len(late))} due; the oldest for {span((arrears.now_ms - at_ms) // 1000)}: {person}"
        yield from _bars("since (UTC)", _by_minute(late))
        yield from _bars("shard", _by_shard(arrears))
    yield ""
    yield f"The next hour brings {len(arrears.ahead)} alarms, by five minutes (UTC):"
    yield from _bars("", _by_steps(arrears))
    for name in arrears.cut:
        yield f"  {name} has more than the {LIMIT:,} that were counted"


def due_facts(arrears: Arrears) -> dict[str, Any]:
    """The same for machines."""
    late = arrears.late
    return {
        "due": len(late),
        "oldest_s": (arrears.now_ms - late[0][1]) // 1000 if late else None,
        "oldest": late[0][0] if late else None,
        "by_shard": {name: n for name, n in _by_shard(arrears) if n},
        "next_hour": [n for _, n in _by_steps(arrears)],
        "cut": list(arrears.cut),
    }


def _people(n: int) -> str:
    return f"{n:,} person is" if n == 1 else f"{n:,} people are"


def _by_minute(late: Sequence[tuple[PersonId, int]]) -> list[tuple[str, int]]:
    counted = sorted(Counter(at_ms // MINUTE_MS for _, at_ms in late).items())
    shown = [(_hour(minute * MINUTE_MS, "%d %b %H:%M"), n) for minute, n in counted[:N_MINUTES]]
    rest = sum(n for _, n in counted[N_MINUTES:])
    return [*shown, *([("later", rest)] if rest else [])]


def _by_shard(arrears: Arrears) -> list[tuple[str, int]]:
    due = {name: sum(at_ms <= arrears.now_ms for _, at_ms in found) for name, found in arrears.alarms.items()}
    return [(name, n) for name, n in due.items() if n]


def _by_steps(arrears: Arrears) -> list[tuple[str, int]]:
    counted = Counter((at_ms - arrears.now_ms - 1) // STEP_MS for at_ms in arrears.ahead)
    starts = range(AHEAD_MS // STEP_MS)
    return [(_hour(arrears.now_ms + n * STEP_MS, "%H:%M"), counted[n]) for n in starts]


def _hour(at_ms: int, form: str) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):{form}}"


def _bars(title: str, counted: Sequence[tuple[str, int]]) -> Iterator[str]:
    """A bar for each count, the longest of WIDTH characters; whatever is not nothing has one."""
    most = max((n for _, n in counted), default=0)
    width = max([len(title), *(len(name) for name, _ in counted)], default=0)
    if title:
        yield f"  {title}"
    for name, n in counted:
        bar = "█" * (max(1, round(WIDTH * n / most)) if n else 0)
        yield f"  {name:<{width}}  {bar}{' ' if bar else ''}{n:,}"
