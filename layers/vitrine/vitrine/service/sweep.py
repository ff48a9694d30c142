"""Each minute: who is due goes into the queue of those who are worked on.

What is asked is a query for each shard of the sparse index `due`, so the work of a minute grows with who is due and not
with who is not. Somebody who is in the queue and not worked on yet is still due, and is sent again the next minute:
harmless, for the second worker finds nothing due or loses the race for the row. It is also why nothing here has to be
sure: what was not sent, or was lost on the way, comes again a minute later.
"""

from collections.abc import Callable, Iterator
from typing import Final

import orjson

from vitrine.outreach.person import PersonId
from vitrine.outreach.state import SHARDS, shard
from vitrine.ports import Agenda, Queue
from vitrine.values import dataclass

CHUNK: Final = 100
"""Persons that are sent between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a minute may do. `share` are persons of one shard; above `depth` waiting messages nothing is sent, for
    who is in the queue comes again each minute as long as the workers are behind."""

    share: int = 250
    depth: int = 4_000
    budget_s: float = 35.0


@dataclass(frozen=True, slots=True)
class Swept:
    """What a minute found and did. `lag_ms` is for how long the one has been due who waits longest."""

    due: int = 0
    sent: int = 0
    lag_ms: int = 0
    is_held: bool = False
    depth: int = 0


def sweep(agenda: Agenda, queue: Queue, now_ms: int, limits: Limits, seconds: Callable[[], float]) -> Swept:
    """Send who is due into the queue, each person once, those who wait longest first; `seconds` is a steady clock.

    Every shard has its share. When time runs out the rest is left for the next minute, whose first shard is another.

    Raises:
        DependencyFailed: the index or the queue does not answer.
    """
    end_s = seconds() + limits.budget_s
    depth = queue.depth()
    found = dict(_found(agenda, now_ms, limits.share, lambda: seconds() < end_s))
    lag_ms = now_ms - min(found.values(), default=now_ms)
    if depth > limits.depth:
        return Swept(len(found), 0, lag_ms, True, depth)
    n_sent = 0
    persons = sorted(found, key=lambda person: (found[person], person))
    for first in range(0, len(persons), CHUNK):
        if seconds() >= end_s:
            break
        bodies = [orjson.dumps({"person": person}) for person in persons[first : first + CHUNK]]
        n_sent += len(bodies) - queue.send(bodies)
    return Swept(len(found), n_sent, lag_ms, False, depth)


def _found(agenda: Agenda, now_ms: int, share: int, has_time: Callable[[], bool]) -> Iterator[tuple[PersonId, int]]:
    begin = now_ms // 60_000
    for n in range(SHARDS):
        if has_time():
            yield from agenda.due(shard((begin + n) % SHARDS), now_ms, share)
