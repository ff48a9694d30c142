"""A challenger on trial: which part of the traffic it sees, and what one decision has to tell of it.

The trial stands in the release pointer, which rides in every decision's batched read: serving learns of it, of its next
stage and of its end without a read of its own. In the shadow a share of decisions is scored by both rankers and shows
what the champion says; in the canary a share of visitors, always the same ones, is shown what the challenger says.
"""

from dataclasses import asdict
from functools import lru_cache
from typing import Final, Literal, cast, get_args

import numpy as np
import orjson
from numpy.typing import NDArray

from vitrine.rules.bucketing import hash_value
from vitrine.types import VisitorId
from vitrine.values import dataclass

Stage = Literal["shadow", "canary"]
Failure = Literal["invalid", "late", "busy"]
"""Why a challenger gave no scores: it raised or they are not finite; they came too late; it was still at others."""

MAX_SHARE: Final = 0.05
"""No stage may see more of the traffic than this: what is wrong with a challenger is wrong for so many at most."""

TOP: Final = 10
"""How many rows of two rankings are compared: more than most places on a page show."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A challenger, the digest of its manifest, and since when it is in its stage. `share` is in (0, MAX_SHARE]."""

    model: str
    manifest_sha256: str
    stage: Stage
    share: float
    since_ms: int

    def to_text(self) -> str:
        """JSON for an attribute of the pointer's row."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS).decode()

    def is_canary(self, visitor: VisitorId | None) -> bool:
        """Whether the visitor is one of those who are shown the challenger's order; the same answer every time."""
        return (
            self.stage == "canary" and visitor is not None and hash_value(f"canary:{self.model}", visitor) < self.share
        )

    def is_shadowed(self, decision: str) -> bool:
        """Whether the decision is one of those that are scored by both."""
        return self.stage == "shadow" and hash_value(f"shadow:{self.model}", decision) < self.share


@lru_cache(8)
def parse_rollout(text: str) -> Rollout | None:
    """The trial in an attribute of the pointer's row; None when it is none that this code may follow.

    A pointer outlives a damaged trial: no trial is what is safe.
    """
    try:
        plain = orjson.loads(text)
        rollout = Rollout(
            model=str(plain["model"]),
            manifest_sha256=str(plain["manifest_sha256"]),
            stage=cast(Stage, plain["stage"]),
            share=float(plain["share"]),
            since_ms=int(plain["since_ms"]),
        )
    except (ValueError, LookupError, TypeError):
        return None
    is_sound = rollout.stage in get_args(Stage) and 0.0 < rollout.share <= MAX_SHARE
    return rollout if is_sound else None


@dataclass(frozen=True, slots=True)
class Trial:
    """What one decision tells of the challenger, for its record. `model` is the challenger's id, `n` counts candidates.

    `ms` and `champion_ms` are the processor's time for scoring, which a busy machine does not stretch; `ms` is None
    when nothing came of it, and `failure` says why then.
    `overlap` is the share of the champion's first TOP that the challenger has there too, None among less than twice as
    many: there any two orders agree. `constant` says that all candidates got one score.
    """

    model: str
    stage: Stage
    n: int
    champion_ms: float
    ms: float | None = None
    failure: Failure | None = None
    overlap: float | None = None
    constant: bool = False


def overlap_of(champion: NDArray[np.float32], challenger: NDArray[np.float32]) -> float | None:
    """Share of the first TOP by one score [n] that are among the first TOP by the other; see Trial."""
    if len(champion) < 2 * TOP:
        return None
    first, second = (np.argsort(-scores, kind="stable")[:TOP] for scores in (champion, challenger))
    return len(np.intersect1d(first, second, assume_unique=True)) / TOP


def is_constant(scores: NDArray[np.float32]) -> bool:
    """Whether scores [n] of several candidates are all the same."""
    return len(scores) > 1 and bool(scores.max() == scores.min())
