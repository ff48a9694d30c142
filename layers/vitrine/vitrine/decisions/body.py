"""A decision as the JSON that callers get: encoded once, the same bytes when it is replayed.

What is not a function of the decision (the visitor's token, timings) is added around it by `api/decide_answer`. Proofs
of countdowns' ends are not in those bytes either: no replay has the key that they are made with.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from vitrine.decisions.answers import Answer, Bundle, Decision, Ends, Live, Slot
from vitrine.types import VisitorId
from vitrine.visitors.identity import TokenKeys, prove

NO_PROOFS: Final[Mapping[str, str]] = MappingProxyType({})


def decision_body(decision: Decision, proofs: Mapping[str, str] = NO_PROOFS) -> bytes:
    """Canonical JSON of a decision; with proofs of countdowns' ends, by placement, what the visitor is answered."""
    return orjson.dumps(
        {
            "decision": decision.id,
            "release": decision.release,
            "model": decision.model,
            "region": decision.region,
            "placements": {
                answer.placement: _placement(answer, proofs.get(answer.placement)) for answer in decision.placements
            },
            "skipped": decision.skipped,
        }
    )


def proofs_of(decision: Decision, visitor: VisitorId, keys: TokenKeys) -> Mapping[str, str]:
    """Proofs of the ends of the countdowns that the visitor is shown, by placement."""
    return {
        answer.placement: prove(answer.campaign, visitor, answer.live.ends_ms, keys)
        for answer in decision.placements
        if isinstance(answer.live, Ends) and answer.campaign is not None
    }


def _placement(answer: Answer, proof: str | None) -> Mapping[str, Any]:
    return {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "mechanic": answer.mechanic,
        "live": None if answer.live is None else _live(answer.live, proof),
        "items": [_item(slot) for slot in answer.items],
        "rows": [{"title": shelf.title, "items": [_item(slot) for slot in shelf.items]} for shelf in answer.rows],
        "content": answer.content,
        "fallback": answer.fallback,
        "reasons": answer.reasons,
    }


def _live(live: Live, proof: str | None) -> Mapping[str, Any]:
    return {**live.told(), "proof": proof} if isinstance(live, Ends) else live.told()


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
