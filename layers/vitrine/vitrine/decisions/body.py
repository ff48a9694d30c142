"""A decision as the JSON that callers get: encoded once, the same bytes when it is replayed.

What is not a function of the decision (the visitor's token, timings) is added around it by `api/decide_answer`.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from vitrine.decisions.answers import Answer, Bundle, Decision, Slot


def decision_body(decision: Decision) -> bytes:
    """Canonical JSON of a decision."""
    return orjson.dumps(
        {
            "decision": decision.id,
            "release": decision.release,
            "model": decision.model,
            "region": decision.region,
            "placements": {answer.placement: _placement(answer) for answer in decision.placements},
            "skipped": decision.skipped,
        }
    )


def _placement(answer: Answer) -> Mapping[str, Any]:
    return {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "mechanic": answer.mechanic,
        "items": [_item(slot) for slot in answer.items],
        "rows": [{"title": shelf.title, "items": [_item(slot) for slot in shelf.items]} for shelf in answer.rows],
        "content": answer.content,
        "fallback": answer.fallback,
        "reasons": answer.reasons,
    }


def _item(slot: Slot) -> Mapping[str, Any]:
    return {
        "id": slot.item,
        "slot": slot.slot,
        "card": None if slot.card is None else slot.card.shown,
        "bundle": None if slot.bundle is None else _bundle(slot.bundle),
        "sponsored": slot.label if slot.sponsor is not None else None,
        "reasons": [{"list": slot.reason.list, "item": slot.reason.seed}],
    }


def _bundle(bundle: Bundle) -> Mapping[str, Any]:
    return {
        "with": bundle.item,
        "offer": bundle.offer,
        "price": bundle.price,
        "apart": bundle.apart,
        "currency": bundle.currency,
    }
