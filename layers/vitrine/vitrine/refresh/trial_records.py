"""What decision records and events tell of a challenger: the figures of one window and the arms of its canary.

A visitor belongs to the canary by their id, whoever's scores they were shown in the end: a challenger that fails and
leaves the page view to the champion must not be judged by what it managed alone.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import numpy as np

from vitrine.decisions.rollout import Rollout
from vitrine.refresh.guard import BUCKETS, Arm, Policy, Window
from vitrine.refresh.trial_lines import Reader, Reward
from vitrine.refresh.trial_sample import Sample
from vitrine.rules.bucketing import fnv1a_32
from vitrine.values import dataclass

REWARD_MS: Final = 10 * 60_000
"""A click, a cart or a purchase counts for what was shown so long before at most."""

SLOWEST: Final = 99  # percentile

ReadLines: TypeAlias = Callable[[str, int, int], Iterable[bytes]]
"""Lines of the lake under a prefix that arrived from one instant to another (ms since the epoch), or near to that. What
cannot be read is an empty line in their place."""


@dataclass(frozen=True, slots=True)
class Observed:
    """The figures of a window, and its part of the arms."""

    window: Window
    canary: Arm
    control: Arm


def observe(
    records: Iterable[bytes], events: Iterable[bytes], rollout: Rollout, policy: Policy, from_ms: int, to_ms: int
) -> Observed:
    """What the decisions with from_ms <= at_ms < to_ms told; each counts once, damaged lines are left out and counted.

    Both are read as streams. Of more decisions than `policy.max_decisions` a sample of visitors is looked at.
    """
    reader = Reader()
    sample = Sample(reader.views(records, from_ms, to_ms), policy.max_decisions, f"watch {rollout.model} {from_ms}")
    rewarded = _rewarded(sample, reader.rewards(events))
    window = _window(sample, rollout, policy, from_ms, to_ms, reader.damaged)
    return Observed(window, *_arms(sample, rewarded, rollout))


def _window(sample: Sample, rollout: Rollout, policy: Policy, from_ms: int, to_ms: int, damaged: int) -> Window:
    told = (view.trial for view in sample)
    trials = [one for one in told if one is not None and (one.model, one.stage) == (rollout.model, rollout.stage)]
    timed = [(one.ms, one.champion_ms) for one in trials if one.ms is not None]
    overlaps = [one.overlap for one in trials if one.overlap is not None]
    return Window(
        from_ms=from_ms,
        to_ms=to_ms,
        decisions=len(sample),
        trials=len(trials),
        failed=sum(one.failure == "invalid" for one in trials),
        late=sum(one.failure in ("late", "busy") for one in trials),
        constant=sum(one.constant for one in trials),
        slow=sum(ms > policy.slow_ratio * champion_ms for ms, champion_ms in timed),
        at_odds=sum(overlap == 0.0 for overlap in overlaps),
        ms=_slowest([ms for ms, _ in timed]),
        champion_ms=_slowest([champion_ms for _, champion_ms in timed]),
        overlap=round(float(np.mean(overlaps)), 4) if overlaps else None,
        damaged=damaged,
        share=sample.share,
    )


def _slowest(values: list[float]) -> float | None:
    return round(float(np.percentile(values, SLOWEST)), 4) if values else None


def _rewarded(sample: Sample, rewards: Iterable[Reward]) -> set[str]:
    """Ids of the decisions that a reward names, or whose item their visitor took within REWARD_MS.

    An event that names no decision of the window counts for the last one before it that showed the visitor this item.
    """
    found = set()
    for reward in rewards:
        if reward.decision is not None and sample.holds(reward.decision):
            found.add(reward.decision)
        elif reward.visitor is not None and reward.item is not None and reward.at_ms is not None:
            offer = sample.last_offer(reward.visitor, reward.item, reward.at_ms - REWARD_MS, reward.at_ms)
            found |= set() if offer is None else {offer}
    return found


def _arms(sample: Sample, rewarded: set[str], rollout: Rollout) -> tuple[Arm, Arm]:
    """The canary's arm and that of all others: decisions with items, of visitors who are known."""
    counts = {is_canary: ([0] * BUCKETS, [0] * BUCKETS) for is_canary in (True, False)}
    for view in sample:
        if view.visitor is None or not view.items:
            continue
        seen, won = counts[rollout.is_canary(view.visitor)]
        bucket = fnv1a_32(f"bucket:{view.visitor}") % BUCKETS
        seen[bucket] += 1
        won[bucket] += view.decision in rewarded
    canary, control = ((tuple(seen), tuple(won)) for seen, won in (counts[True], counts[False]))
    return Arm(*canary), Arm(*control)
