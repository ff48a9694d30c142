"""What a page view gives up when it cannot have everything, and how its answer says so.

The rungs, from a whole answer down, each told in `skipped`:

| rung | given up when | the answer then |
|---|---|---|
| weather | its row was not read, or would need a second read late | conditions on weather do not hold |
| model | it fails, or takes longer than there is time | candidates in the order of rank fusion |
| profile | the visitor's row was not read | a stranger's page; nothing is shown that has to be counted |
| lists, cards | rows or live cards were not read | the release's own bestsellers, which are held in memory |

Nobody may learn in an outage that the last rung is rotten. So a fixed share of page views takes it at all times: it
reads nothing, and says `exercise`. Which ones follows from the decision's id alone, so that whoever looks at a record
or an event that names a decision can leave them out of what they count.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from vitrine import keys
from vitrine.decisions.answers import Answer, Decision
from vitrine.types import Absent, Rows

IDENTITY: Final = "identity"
"""Nobody could be recognised, for there were no signing keys."""

EXERCISE: Final = "exercise"
"""The page view took the last rung although nothing had failed."""

OUTSIDE: Final = (IDENTITY, EXERCISE)
"""What `skipped` may name beside the stages that `pipeline.decide` knows: a replay takes them from the record."""

UNREAD: Final = "not_read"
"""The reason of a placement whose lists or cards were not read."""

EXERCISE_SHARE: Final = 0.001
"""One page view in a thousand: enough to notice within minutes that the rung is broken, too few to cost a store."""

WEATHER: Final = keys.weather("").pk
"""How partition keys of weather begin; the cell follows."""

_HASH_BYTES: Final = 8
_BUCKETS: Final = float(1 << 8 * _HASH_BYTES)


def is_exercise(decision: str, share: float = EXERCISE_SHARE) -> bool:
    """Whether the decision of this id is one of the share that takes the last rung; the same answer every time.

    BLAKE2b (RFC 7693) with a name of its own, so that it has nothing to do with any experiment's buckets.
    """
    digest = blake2b(decision.encode(errors="replace"), digest_size=_HASH_BYTES, person=b"exercise").digest()
    return int.from_bytes(digest) / _BUCKETS < share


def lacks_weather(rows: Rows) -> bool:
    """Whether the weather was asked for and could not be read."""
    return any(row is Absent.NOT_READ and key.pk.startswith(WEATHER) for key, row in rows.items())


def told_outside(decision: Decision, stages: Sequence[str]) -> Decision:
    """The decision that also says which of OUTSIDE befell it; placements of an exercise say so as their reason."""
    if not stages:
        return decision
    skipped = (*stages, *decision.skipped)
    if EXERCISE not in stages:
        return replace(decision, skipped=skipped)
    return replace(decision, skipped=skipped, placements=[_exercised(answer) for answer in decision.placements])


def _exercised(answer: Answer) -> Answer:
    if UNREAD not in answer.reasons:
        return answer
    return replace(answer, reasons=tuple(EXERCISE if reason == UNREAD else reason for reason in answer.reasons))
