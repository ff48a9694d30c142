"""The body that answers POST /v1/decide, encoded once."""

from collections.abc import Mapping
from typing import Any

import orjson

from vitrine.catalog.items import Card
from vitrine.decisions.pipeline import Answer
from vitrine.decisions.slots import Slot
from vitrine.service.decide import Outcome


def answer_body(outcome: Outcome) -> bytes:
    """JSON of an outcome."""
    decision = outcome.decision
    return orjson.dumps(
        {
            "decision": decision.id,
            "visitor": outcome.token,
            "release": decision.release,
            "model": decision.model,
            "region": decision.region,
            "placements": {answer.placement: _placement(answer) for answer in decision.placements},
            "skipped": decision.skipped,
            "timings_ms": outcome.timings_ms,
        },
    )


def _placement(answer: Answer) -> Mapping[str, Any]:
    return {
        "kind": answer.kind,
        "campaign": None,
        "variation": None,
        "control": False,
        "items": [_item(slot) for slot in answer.items],
        "content": {"title": answer.title},
        "fallback": answer.fallback,
        "reasons": answer.reasons,
    }


def _item(slot: Slot) -> Mapping[str, Any]:
    return {
        "id": slot.item,
        "slot": slot.slot,
        "card": _card(slot.card),
        "reasons": [{"list": slot.reason.list, "item": slot.reason.seed}],
    }


def _card(card: Card) -> Mapping[str, Any]:
    return {
        "title": card.title,
        "url": card.url,
        "image": card.image,
        "price": card.price,
        "regular_price": card.regular_price,
        "currency": card.currency,
        "category": card.category,
    }
