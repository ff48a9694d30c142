"""Requests and answers as they are, for the OpenAPI document. A test holds them against its schemas."""

from typing import Any, Final

from vitrine.api.openapi_geofence import ANSWER as GEOFENCE_ANSWER
from vitrine.api.openapi_geofence import REQUEST as GEOFENCE_REQUEST
from vitrine.api.openapi_people import PERSON
from vitrine.api.openapi_people import REQUEST as PERSON_REQUEST

Plain = dict[str, Any]

TOKEN: Final = "v1.k1.00112233445566778899aabbccddeeff.Zm9yIGFuIGV4YW1wbGUgb25seSwgbm90IHNpZ25lZCE"  # noqa: S105 - no secret
DECISION: Final = "01m80mre83gycs2cjnw2872rm8"
RELEASE: Final = "20261122T000000-5f2a91c4"
MODEL: Final = "ranker-9d3c55e1"

_CARD: Final[Plain] = {
    "title": "Whole milk 1 l",
    "url": "/shop/p/1029743",
    "image": "/media/grocery/milk/whole-milk.svg",
    "price": 299,
    "regular_price": 349,
    "currency": "USD",
    "category": "grocery/milk/whole-milk",
}
_ITEM: Final[Plain] = {
    "id": "1029743",
    "slot": 0,
    "card": _CARD,
    "bundle": None,
    "sponsored": None,
    "reasons": [{"list": "bought_together", "item": "1082185"}],
}
_SHOWN: Final[Plain] = {
    "kind": "products",
    "campaign": None,
    "variation": None,
    "control": False,
    "mechanic": None,
    "live": None,
    "items": [_ITEM],
    "rows": [],
    "content": {"title": "Goes well with it"},
    "fallback": None,
    "reasons": [],
}
_DECISION: Final[Plain] = {
    "decision": DECISION,
    "release": RELEASE,
    "model": MODEL,
    "region": "north",
    "placements": {"product.more": _SHOWN},
    "skipped": [],
}
_EXPLAINED_ITEM: Final[Plain] = {
    "item": "1029743",
    "slot": 0,
    "title": "Whole milk 1 l",
    "reason": {"list": "bought_together", "item": "1082185"},
    "score": 1.25,
    "rules": [],
    "sponsor": None,
    "propensity": 0.9,
    "model_score": 1.25,
    "lists": {"bought_together": 0.31, "popular": 5.1},
    "features": {"bought_together": 0.31, "discount": 0.14},
    "stands_out": {"bought_together": 2.4},
}
_TOLD_AGAIN: Final = ("kind", "campaign", "variation", "control", "live", "fallback", "reasons")
_EXPLANATION: Final[Plain] = {
    "decision": DECISION,
    "at": "2026-11-22T12:00:00+00:00",
    "region": "north",
    "region_source": "default",
    "locale": "en",
    "model": MODEL,
    "n_candidates": 212,
    "attributes": {"weather.temperature_c": 3.5, "page.type": "product"},
    "seeds": [{"item": "1082185", "role": "page", "weight": 1.0}],
    "placements": {
        "product.more": {
            **{name: _SHOWN[name] for name in _TOLD_AGAIN},
            "considered": [{"campaign": "rain", "outcome": "condition", "attributes": {"weather.temperature_c": 3.5}}],
            "items": [_EXPLAINED_ITEM],
            "rows": [],
            "dropped": {"out_of_stock": 2},
        }
    },
}
_VIEW: Final[Plain] = {
    "visitor": None,
    "session": "s-4711",
    "page": {"type": "product", "item": "1082185", "locale": "en"},
    "consent": ["personalization"],
}

REQUESTS: Final[dict[str, dict[str, Plain]]] = {
    "decide": {
        "first": {"summary": "The first page of a visitor", "value": {"page": {"type": "home"}}},
        "product": {
            "summary": "A product page with a cart",
            "value": {**_VIEW, "cart": [{"item": "1029743", "quantity": 2, "price": 299}], "recent": ["1082185"]},
        },
    },
    "collect": {
        "view": {
            "summary": "A view and an addition to the cart",
            "value": {
                "session": "s-4711",
                "consent": ["personalization"],
                "events": [
                    {"id": "0b9c6b3e-1", "kind": "view", "at_ms": 1795348795000, "item": "1029743"},
                    {
                        "id": "0b9c6b3e-2",
                        "kind": "add_to_cart",
                        "at_ms": 1795348799000,
                        "item": "1029743",
                        "price": 299,
                    },
                ],
            },
        },
    },
    "geofence": {
        "enter": {"summary": "The app has come near a shop", "value": {"visitor": TOKEN, **GEOFENCE_REQUEST}},
    },
    "tell": {"login": {"summary": "Somebody has logged in", "value": {"visitors": [TOKEN], **PERSON_REQUEST}}},
    "explain": {
        "evening": {
            "summary": "The same page on a rainy evening",
            "value": {
                **_VIEW,
                "preview": {"at": "2026-11-22T19:00:00-06:00", "attributes": {"weather.condition": "rain"}},
            },
        },
    },
}

ANSWERS: Final[dict[str, Plain]] = {
    "decide": {"visitor": TOKEN, "timings_ms": {"context": 0.1, "read": 2.4, "rank": 0.3}, **_DECISION},
    "collect": {"accepted": 2, "duplicates": 0, "rejected": [], "visitor": TOKEN},
    "geofence": GEOFENCE_ANSWER,
    "tell": {"person": "customer-1929", "reached_by": ["mail"]},
    "person": dict(PERSON),
    "forget": {"deleted": 4},
    "explain": {"explanation": _EXPLANATION, "timings_ms": {"read": 2.4}, "answer": _DECISION},
    "decision": {
        "record": {
            "format": 4,
            "decision": DECISION,
            "at_ms": 1795348800000,
            "visitor": "00112233445566778899aabbccddeeff",
            "release": RELEASE,
            "model": MODEL,
            "region": "north",
            "request": {"page": {"type": "product", "item": "1082185"}},
            "placements": {"product.more": {"kind": "products", "items": [{"item": "1029743"}]}},
            "skipped": [],
            "answer_sha256": "9f" * 32,
        },
        "identical": True,
        "gone": [],
        "differs": [],
        "explanation": _EXPLANATION,
    },
    "replay": {"identical": True, "gone": [], "differs": [], "answer": _DECISION},
}
