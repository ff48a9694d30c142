"""How far campaigns of a plan get: page views on which each is shown, and what keeps it from the others.

A campaign whose condition never held changes nothing, and neither does one that loses every time: only this tells them
apart from files in which nothing is different.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from vitrine.decisions.answers import Decision, Outcome

KEPT_OUT: Final[tuple[Outcome, ...]] = ("page", "schedule", "consent", "condition")
"""Outcomes of who is not spoken of at all. They are the campaign's own, the same in all of its placements."""
RANK: Final[Mapping[Outcome, int]] = {"shown": 0, "control": 1, "outranked": 3}
"""Of several placements of one page the best outcome counts; why it could not be shown says more than by whom."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One campaign in the page views of a plan.

    `eligible` counts those of which it speaks (page, schedule, consents and condition), `shown` those on which it is,
    `held_back` those on which it won and the visitor is held back for comparison. `lost` counts the others by what it
    lost by; pages without any of its placements are "page".
    """

    eligible: int
    shown: int
    held_back: int
    lost: Mapping[str, int]


@dataclass(slots=True)
class ReachTally:
    """Counts the outcomes of these campaigns, decision by decision."""

    campaigns: Collection[str]
    counts: dict[str, Counter[Outcome]] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = {name: Counter() for name in self.campaigns}

    def count(self, decision: Decision) -> None:
        """Count one decision, which has to be explained: else it does not tell of who was not evaluated."""
        found = dict(_outcomes(decision))
        for name, counts in self.counts.items():
            counts[found.get(name, "page")] += 1

    def reach(self) -> dict[str, Reach]:
        """What was counted, by campaign."""
        return {name: _reach(counts) for name, counts in self.counts.items()}


def _outcomes(decision: Decision) -> Iterator[tuple[str, Outcome]]:
    """Campaigns with their outcomes, the best one of each last."""
    every = [(each.campaign, each.outcome) for answer in decision.placements for each in answer.considered]
    yield from sorted(every, key=lambda one: -RANK.get(one[1], 2))


def _reach(counts: Counter[Outcome]) -> Reach:
    eligible = sum(n for outcome, n in counts.items() if outcome not in KEPT_OUT)
    lost: dict[str, int] = {outcome: n for outcome, n in counts.most_common() if outcome not in ("shown", "control")}
    return Reach(eligible, counts["shown"], counts["control"], lost)
