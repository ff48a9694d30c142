"""Requests and answers with which the clients in `storefront/clients` are tried."""

from gzip import compress
from typing import Any, Final

import orjson

from tests.contract.rough_server import Caller, Manner, http

CONSENT: Final = ["personalization"]
TOKEN: Final = "v1.k1.00112233445566778899aabbccddeeff.Zm9yIGFuIGV4YW1wbGUgb25seSwgbm90IHNpZ25lZCE"
FRESH: Final = "v1.k2.ffeeddccbbaa99887766554433221100.YW5vdGhlciBvbmUsIG5vdCBzaWduZWQgZWl0aGVyLi4"
HOME: Final[dict[str, Any]] = {"page": {"type": "home"}, "consent": CONSENT, "visitor": TOKEN}
SHOWN: Final[dict[str, Any]] = {
    "kind": "content",
    "campaign": "heat-banner",
    "variation": None,
    "control": False,
    "mechanic": None,
    "live": None,
    "items": [],
    "rows": [],
    "content": {"title": "Мороженое?"},
    "fallback": None,
    "reasons": [],
}
DECISION: Final[dict[str, Any]] = {
    "decision": "01m80mre83gycs2cjnw2872rm8",
    "release": "20261122T000000-5f2a91c4",
    "model": None,
    "region": "north",
    "placements": {"home.hero": SHOWN},
    "skipped": [],
    "visitor": TOKEN,
    "timings_ms": {"read": 6.8},
}
FAULTS: Final = {
    400: {"error": {"code": "invalid_field", "message": "is required", "field": "page.item"}},
    401: {"error": {"code": "invalid_token", "message": "is not one of ours", "field": "visitor"}},
    500: {"error": {"code": "internal_error", "message": "no answer", "field": ""}},
    429: {"message": "Too Many Requests"},
}
DEEP: Final = b"[" * 100_000


def gzipped(answer: object) -> bytes:
    """A whole answer as gzip."""
    return http(compress(orjson.dumps(answer)), content_encoding="gzip")


def cut_gzip(answer: object) -> bytes:
    """A whole answer whose gzip ends too early."""
    return http(compress(orjson.dumps(answer))[:-40], content_encoding="gzip")


def last(data: bytes) -> Manner:
    """Answers, says that the connection ends, and ends it."""

    def answer(caller: Caller) -> None:
        caller.send(data)
        caller.end()

    return answer
