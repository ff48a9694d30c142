"""What a release amounts to, one of its parts: how many lists of each kind, what sells best. The next is held to it.

A refresh that read half of the lake, or a lake that lost half of its goods, makes lists that are right in themselves
and worse than those before. Counts tell.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from vitrine.errors import InvalidRelease
from vitrine.ports import Objects
from vitrine.refresh.release_content import ReleaseContent
from vitrine.types import ItemId, RegionId, ReleaseId
from vitrine.values import dataclass, field

FACTS: Final = "facts.json"
LEAST_SHARE: Final = 0.5
"""Below this share of the lists of a kind that the release before had, a release is not published by itself."""

TOP: Final = 100


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """Counts by kind of list, and the items that sell best per region, best first."""

    counts: Mapping[str, int]
    bestsellers: Mapping[RegionId, Sequence[ItemId]] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """JSON."""
        return orjson.dumps({"counts": dict(self.counts), "bestsellers": dict(self.bestsellers)})


def facts_of(content: ReleaseContent, regions: Sequence[RegionId]) -> ReleaseFacts:
    """The facts of a release that is about to be published."""
    best = {region: list(content.lists.bestsellers(region, TOP)) for region in regions}
    return ReleaseFacts(content.counts(), best)


def read_facts(objects: Objects, release: ReleaseId) -> ReleaseFacts | None:
    """The facts of a release; None where there are none, or they are damaged."""
    try:
        plain = orjson.loads(objects.get(f"{release}/{FACTS}") or b"")
        counts = {str(kind): int(n) for kind, n in plain["counts"].items()}
        return ReleaseFacts(counts, {str(region): list(items) for region, items in plain["bestsellers"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def refuse_less(before: ReleaseFacts | None, now: ReleaseFacts) -> None:
    """Refuse a release that falls far behind the one before it; nothing is asked where nobody knows of one.

    Raises:
        InvalidRelease: it does; the message says in which respects.
    """
    lacking = [] if before is None else shrinkage(before, now)
    if lacking:
        remedy = "Look at the lake; --accept-less publishes it all the same"
        raise InvalidRelease(f"nothing was published: {'; '.join(lacking)}. {remedy}")


def shrinkage(before: ReleaseFacts, now: ReleaseFacts) -> list[str]:
    """In which respects a release falls far behind the one before.

    A kind that it does not count is one that its store has no use for any more.
    """
    counts = ((kind, before.counts.get(kind, 0), n) for kind, n in now.counts.items())
    return [f"{n:,} {kind} instead of {known:,}" for kind, known, n in counts if n < LEAST_SHARE * known]
