"""`python -m tests.outreach.quiet`: quiet hours in every zone, for two days before and after each change of its clocks.

First next_loud_ms and is_quiet are asked, at the change, at both ends of every night and at random instants; what they
have to say is found by walking along the minutes. Then many workers send to persons who live through the change.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from tests.outreach.clocks import DAY_MS, HOUR_MS, MINUTE_MS, Nights, Walk, changes, instant_ms
from tests.outreach.crowd import broken, crowd, play, script, untold
from vitrine.cli.progress import show_progress
from vitrine.outreach.messages import QuietHours
from vitrine.outreach.quiet_hours import is_quiet, next_loud_ms
from vitrine.ports import Progress

NextLoud = Callable[[int, QuietHours, Sequence[tzinfo]], int | None]

YEARS: Final = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
AROUND_MS: Final = 2 * DAY_MS
TAIL_MS: Final = 30 * HOUR_MS
"""So far behind the last instant the walk still goes: longer than any night, with the clocks set back in it."""

UNCHANGED_MS: Final = instant_ms("2025-03-30T01:00")
"""Where zones are looked at that never change their clocks."""

ELSEWHERE: Final = "Asia/Kathmandu"
"""Where others of a crowd live, and where those may be of whom nothing is known."""

NIGHTS: Final = tuple(
    QuietHours(*minutes)
    for minutes in (
        (21 * 60, 9 * 60),
        (22 * 60, 8 * 60),
        (2 * 60, 3 * 60),  # the hour that is left out or comes twice in most zones
        (2 * 60 + 30, 3 * 60 + 30),  # begins within it
        (60 + 15, 2 * 60 + 45),  # ends within it
        (23 * 60 + 59, 1),
        (0, 1),
        (23 * 60, 2 * 60 + 30),
        (9 * 60, 21 * 60),
        (9 * 60 + 1, 9 * 60),  # loud for one minute a day
        (600, 600),  # never quiet
    )
)
NEAR_MS: Final = tuple(
    sign * size + by
    for size in (0, MINUTE_MS, HOUR_MS // 2, HOUR_MS, 2 * HOUR_MS, DAY_MS, AROUND_MS)
    for sign in (-1, 1)
    for by in (-1, 0, 1)
    if abs(sign * size + by) <= AROUND_MS
)


def all_zones() -> list[str]:
    """Names of all zones."""
    return sorted(available_timezones() - {"localtime", "Factory"})


def transitions(name: str, step: timedelta) -> tuple[int, ...]:
    """Instants (ms) between 2020 and 2030 at which the clocks of a zone are set."""
    return tuple(change.at_ms for change in changes(ZoneInfo(name), *YEARS, step))


def one_of_each() -> list[tuple[str, tuple[int, ...]]]:
    """A zone, with its changes, of all that set their clocks at the same instants."""
    by_changes: dict[tuple[int, ...], str] = {}
    for name in all_zones():
        by_changes.setdefault(transitions(name, timedelta(days=7)), name)
    return [(name, found) for found, name in by_changes.items() if found]


def violations(
    name: str, at_ms: int, nights: Sequence[QuietHours], n_random: int, next_loud: NextLoud = next_loud_ms
) -> Iterator[tuple[int, str]]:
    """For each night, the instants that were tried around a change, and one line for each that was answered wrong."""
    zones = [ZoneInfo(name)]
    walk = Walk(zones, at_ms - AROUND_MS, (2 * AROUND_MS + TAIL_MS) // MINUTE_MS)
    rng = Random(f"{name} {at_ms}")
    for quiet in nights:
        seen = walk.nights(quiet)
        tried = _instants(at_ms, seen, rng, n_random)
        wrong = [instant for instant in tried if _is_wrong(instant, quiet, zones, seen, next_loud)]
        yield len(tried), "".join(f"{name} {quiet} {instant}\n" for instant in wrong)


def _instants(at_ms: int, seen: Nights, rng: Random, n_random: int) -> list[int]:
    ends = [edge + by for edge in seen.edges() for by in (-1, 0, 1) if abs(edge + by - at_ms) <= AROUND_MS]
    random = [at_ms + rng.randint(-AROUND_MS, AROUND_MS) for _ in range(n_random)]
    return [*(at_ms + by for by in NEAR_MS), *ends, *random]


def _is_wrong(at_ms: int, quiet: QuietHours, zones: Sequence[tzinfo], seen: Nights, next_loud: NextLoud) -> bool:
    is_other = is_quiet(at_ms, quiet, zones) != seen.is_quiet(at_ms)
    return is_other or next_loud(at_ms, quiet, zones) != seen.next_loud_ms(at_ms)


def sweep(progress: Progress) -> Counter[str]:
    """Try every zone; how many there were of each thing, and violations told on standard error."""
    names, total = all_zones(), Counter[str]()
    for done, name in enumerate(names, 1):
        found = transitions(name, timedelta(hours=12))
        total.update(zones=1, transitions=len(found))
        for at_ms in found or (UNCHANGED_MS,):
            for n_tried, wrong in violations(name, at_ms, NIGHTS, 20):
                total.update(instants=n_tried, violations=wrong.count("\n"))
                sys.stderr.write(wrong)
        progress("zones", done, len(names))
    return total


def crowds(progress: Progress) -> Counter[str]:
    """Many workers at some persons, once around each change of the clocks of a zone of each kind."""
    changed = [(name, at_ms) for name, found in one_of_each() for at_ms in found]
    total = Counter[str]()
    for done, (name, at_ms) in enumerate(changed, 1):
        start_ms = at_ms - AROUND_MS
        people = crowd((name, ELSEWHERE), 6, start_ms, done)
        play(people, script(people, Random(done)), Random(done))
        wrong = [*broken(people, start_ms), *untold(people)]
        total.update(crowds=1, sendings=len(people.deliveries), violations=len(wrong))
        sys.stderr.writelines(f"{name} {at_ms} {fault}\n" for fault in wrong)
        progress("crowds", done, len(changed))
    return total


def main() -> int:
    """Try every zone, then the crowds; 1 when any rule was broken."""
    with show_progress() as progress:
        total = sweep(progress) + crowds(progress)
    counted = ("zones", "transitions", "instants", "crowds", "sendings", "violations")
    print(json.dumps({key: total[key] for key in counted}))
    return 1 if total["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
