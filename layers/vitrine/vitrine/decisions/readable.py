"""The part of a decision's record that people read and queries select: what was shown, to what request.

What is as it mostly is, is left out: an empty list, nothing, a propensity of 1.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from vitrine.decisions.answers import Answer, Considered, Decision, Slot

RULED_OUT: Final = frozenset({"page", "schedule", "condition"})
"""Outcomes of campaigns that were not meant for this page view: counted in a record, not named. A replay names them."""


def placements_of(decision: Decision) -> dict[str, Any]:
    """What each placement showed and who wanted it, in short."""
    return {answer.placement: _placement(answer) for answer in decision.placements}


def _placement(answer: Answer) -> Mapping[str, Any]:
    named, ruled_out = _considered(answer.considered) if answer.considered else ({}, {})
    told = {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "mechanic": answer.mechanic,
        "live": answer.live and answer.live.told(),
        "items": [_item(slot) for slot in answer.items],
        "rows": [{"title": shelf.title, "items": [_item(slot) for slot in shelf.items]} for shelf in answer.rows],
        "fallback": answer.fallback,
        "reasons": answer.reasons,
        "dropped": answer.dropped,
        "considered": named,
        "ruled_out": ruled_out,
    }
    return {name: value for name, value in told.items() if value}


def _item(slot: Slot) -> Mapping[str, Any]:
    told: dict[str, Any] = {"item": slot.item, "list": slot.reason.list}
    if slot.reason.seed is not None:
        told["seed"] = slot.reason.seed
    if slot.card is not None:
        told["price"] = slot.card.price
    if slot.propensity != 1.0:
        told["propensity"] = slot.propensity
    if slot.sponsor is not None:
        told["sponsor"] = slot.sponsor
    if slot.rules:
        told["rules"] = slot.rules
    if slot.bundle is not None:
        told["bundle"] = asdict(slot.bundle)
    return told


def _considered(considered: Sequence[Considered]) -> tuple[Mapping[str, list[str]], Mapping[str, int]]:
    """Names of campaigns by what became of them, and how many were not meant for this page view."""
    named: dict[str, list[str]] = defaultdict(list)
    for one in considered:
        if one.outcome not in RULED_OUT:
            named[one.outcome].append(one.campaign)
    return named, Counter(one.outcome for one in considered if one.outcome in RULED_OUT)
