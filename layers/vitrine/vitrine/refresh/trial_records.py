"""What decision records and events tell of a challenger: the figures of one window and the arms of its canary.

A visitor belongs to the canary by their id, whoever's scores they were shown in the end: a challenger that fails and
leaves the page view to the champion must not be judged by what it managed alone.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import orjson

from vitrine.decisions.rollout import Rollout
from vitrine.refresh.guard import BUCKETS, Arm, Policy, Window
from vitrine.rules.bucketing import fnv1a_32
from vitrine.types import ItemId, VisitorId

REWARD_MS: Final = 10 * 60_000
"""A click, a cart or a purchase counts for what was shown so long before at most."""

REWARDS: Final = frozenset({"click", "slot_click", "add_to_cart", "purchase"})
SLOWEST: Final = 99  # percentile

ReadLines: TypeAlias = Callable[[str, int, int], Iterable[bytes]]
"""Lines of the lake under a prefix that arrived from one instant to another (ms since the epoch), or near to that."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One decision with items: whose, when, and what it showed."""

    decision: str
    visitor: VisitorId
    at_ms: int
    items: frozenset[ItemId]


@dataclass(frozen=True, slots=True)
class Observed:
    """The figures of a window, and its part of the arms."""

    window: Window
    canary: Arm
    control: Arm


def observe(
    records: Iterable[bytes], events: Iterable[bytes], rollout: Rollout, policy: Policy, from_ms: int, to_ms: int
) -> Observed:
    """What the decisions with from_ms <= at_ms < to_ms told; damaged lines tell nothing, each decision counts once."""
    decisions = list(_decisions(records, from_ms, to_ms))
    shown = [one for one in map(_shown, decisions) if one is not None]
    rewarded = _rewarded(shown, events)
    return Observed(_window(decisions, rollout, policy, from_ms, to_ms), *_arms(shown, rewarded, rollout))


def _decisions(records: Iterable[bytes], from_ms: int, to_ms: int) -> Iterator[Mapping[str, Any]]:
    """Readable parts of the records of the window that a ranker scored."""
    seen: set[str] = set()
    for record in _objects(records):
        at_ms, decision = record.get("at_ms"), record.get("decision")
        if not isinstance(at_ms, int) or not from_ms <= at_ms < to_ms or record.get("model") is None:
            continue
        if isinstance(decision, str) and decision not in seen:
            seen.add(decision)
            yield record


def _window(decisions: list[Mapping[str, Any]], rollout: Rollout, policy: Policy, from_ms: int, to_ms: int) -> Window:
    told = [record["trial"] for record in decisions if isinstance(record.get("trial"), dict)]
    trials = [one for one in told if one.get("model") == rollout.model and one.get("stage") == rollout.stage]
    timed = [(float(one["ms"]), float(one["champion_ms"])) for one in trials if one.get("ms") is not None]
    overlaps = [float(one["overlap"]) for one in trials if one.get("overlap") is not None]
    return Window(
        from_ms=from_ms,
        to_ms=to_ms,
        decisions=len(decisions),
        trials=len(trials),
        failed=sum(one.get("failure") == "invalid" for one in trials),
        late=sum(one.get("failure") in ("late", "busy") for one in trials),
        constant=sum(bool(one.get("constant")) for one in trials),
        slow=sum(ms > policy.slow_ratio * champion_ms for ms, champion_ms in timed),
        at_odds=sum(overlap == 0.0 for overlap in overlaps),
        ms=_slowest([ms for ms, _ in timed]),
        champion_ms=_slowest([champion_ms for _, champion_ms in timed]),
        overlap=round(float(np.mean(overlaps)), 4) if overlaps else None,
    )


def _slowest(values: list[float]) -> float | None:
    return round(float(np.percentile(values, SLOWEST)), 4) if values else None


def _shown(record: Mapping[str, Any]) -> Shown | None:
    """What a recorded decision showed; None when no items, or when nobody is known to have seen it."""
    visitor, placements = record.get("visitor"), record.get("placements")
    if not isinstance(visitor, str) or not isinstance(placements, dict):
        return None
    items = frozenset(item for placement in placements.values() for item in _items(placement))
    return Shown(record["decision"], visitor, record["at_ms"], items) if items else None


def _items(placement: Mapping[str, Any]) -> Iterator[ItemId]:
    for part in (placement, *placement.get("rows", ())):
        yield from (one["item"] for one in part.get("items", ()))


def _rewarded(shown: list[Shown], events: Iterable[bytes]) -> set[str]:
    """Ids of the decisions that a reward names, or whose item their visitor took within REWARD_MS.

    An event that names no decision counts for the last one before it that showed the visitor this item.
    """
    known = {one.decision for one in shown}
    offers: dict[tuple[VisitorId, ItemId], list[tuple[int, str]]] = defaultdict(list)
    for one in sorted(shown, key=lambda one: one.at_ms):
        for item in one.items:
            offers[one.visitor, item].append((one.at_ms, one.decision))
    found = set()
    for event in _objects(events):
        if event.get("kind") in REWARDS:
            found.add(event.get("decision") if event.get("decision") in known else _last_offer(event, offers))
    return {decision for decision in found if decision is not None}


def _last_offer(
    event: Mapping[str, Any], offers: Mapping[tuple[VisitorId, ItemId], list[tuple[int, str]]]
) -> str | None:
    at_ms = event.get("at_ms")
    offered = offers.get((str(event.get("visitor")), str(event.get("item"))), [])
    if not isinstance(at_ms, int):
        return None
    before = bisect_left(offered, (at_ms + 1, "")) - 1
    return offered[before][1] if before >= 0 and at_ms - offered[before][0] <= REWARD_MS else None


def _arms(shown: list[Shown], rewarded: set[str], rollout: Rollout) -> tuple[Arm, Arm]:
    """The canary's arm and that of all others."""
    counts = {is_canary: ([0] * BUCKETS, [0] * BUCKETS) for is_canary in (True, False)}
    for one in shown:
        seen, won = counts[rollout.is_canary(one.visitor)]
        bucket = fnv1a_32(f"bucket:{one.visitor}") % BUCKETS
        seen[bucket] += 1
        won[bucket] += one.decision in rewarded
    canary, control = ((tuple(seen), tuple(won)) for seen, won in (counts[True], counts[False]))
    return Arm(*canary), Arm(*control)


def _objects(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            plain = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(plain, dict):
            yield plain
