"""What is kept of a decision: enough to say later why, and to decide again."""

from typing import Final

import orjson

from vitrine.decisions.context import Context
from vitrine.decisions.pipeline import Decision
from vitrine.types import VisitorId

RECORD_FORMAT: Final = 1


def record_of(context: Context, decision: Decision, visitor: VisitorId | None) -> bytes:
    """One JSON line for the decisions stream. Coordinates are those of the request, rounded at the edge.

    `visitor` is who will see it, also on their first call; `context` names only a visitor who was known before.
    """
    request = context.request
    return orjson.dumps(
        {
            "format": RECORD_FORMAT,
            "decision": decision.id,
            "at_ms": int(context.now.timestamp() * 1000),
            "visitor": visitor,
            "returning": request.visitor is not None,
            "release": decision.release,
            "model": decision.model,
            "region": decision.region,
            "seeds": decision.seeds,
            "elapsed_days": decision.elapsed_days,
            "request": {
                "page": request.page,
                "session": request.session,
                "device": request.device,
                "recent": request.recent,
                "cart": request.cart,
                "signals": request.signals,
                "geo": request.geo,
                "consent": sorted(request.consent),
                "placements": request.placements,
            },
            "placements": {
                answer.placement: {
                    "kind": answer.kind,
                    "items": [
                        {
                            "item": slot.item,
                            "list": slot.reason.list,
                            "seed": slot.reason.seed,
                            "price": slot.card.price,
                        }
                        for slot in answer.items
                    ],
                    "fallback": answer.fallback,
                    "reasons": answer.reasons,
                    "dropped": answer.dropped,
                }
                for answer in decision.placements
            },
            "skipped": decision.skipped,
        },
        default=list,
    )
