"""The part of a decision's record that people read and queries select: what was shown, to what request."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from vitrine.decisions.answers import Answer, Considered, Decision, Slot
from vitrine.decisions.context import DecisionRequest

RULED_OUT: Final = frozenset({"page", "schedule", "condition"})
"""Outcomes of campaigns that were not meant for this page view: counted in a record, not named. A replay names them."""


def placements_of(decision: Decision) -> dict[str, Any]:
    """What each placement showed and who wanted it, in short."""
    return {answer.placement: _placement(answer) for answer in decision.placements}


def readable_request(request: DecisionRequest) -> Mapping[str, Any]:
    """The request for people and queries: of the caller's place no more than country and rounded coordinates."""
    return {
        "page": request.page,
        "session": request.session,
        "visit": request.visit,
        "traffic": request.traffic,
        "device": request.device,
        "recent": request.recent,
        "cart": request.cart,
        "n_listing": len(request.listing),
        "signals": request.signals,
        "country": request.viewer.country,
        "geo": request.geo,
        "consent": sorted(request.consent),
        "placements": request.placements,
    }


def _placement(answer: Answer) -> Mapping[str, Any]:
    named, ruled_out = _considered(answer.considered)
    return {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "mechanic": answer.mechanic,
        "items": [_item(slot) for slot in answer.items],
        "rows": [{"title": shelf.title, "items": [_item(slot) for slot in shelf.items]} for shelf in answer.rows],
        "fallback": answer.fallback,
        "reasons": answer.reasons,
        "dropped": answer.dropped,
        "considered": named,
        "ruled_out": ruled_out,
    }


def _item(slot: Slot) -> Mapping[str, Any]:
    told = {
        "item": slot.item,
        "list": slot.reason.list,
        "seed": slot.reason.seed,
        "price": None if slot.card is None else slot.card.price,
        "propensity": slot.propensity,
    }
    rare = {"sponsor": slot.sponsor, "rules": slot.rules, "bundle": slot.bundle and asdict(slot.bundle)}
    return told | {name: value for name, value in rare.items() if value}


def _considered(considered: Sequence[Considered]) -> tuple[Mapping[str, list[str]], Mapping[str, int]]:
    """Names of campaigns by what became of them, and how many were not meant for this page view."""
    named: dict[str, list[str]] = defaultdict(list)
    for one in considered:
        if one.outcome not in RULED_OUT:
            named[one.outcome].append(one.campaign)
    return named, Counter(one.outcome for one in considered if one.outcome in RULED_OUT)
