"""What makes an answer a valid one, whatever fails behind it.

Every answer is looked at for what a page that renders it relies on; when told to, also held against the declared
contract to the last field, which takes several times as long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from vitrine.api.openapi_answers import DecideAnswer, EventsAnswer

KINDS: Final = frozenset(("products", "content", "overlay", "sort", "none"))
UNAVAILABLE: Final = 503
"""Events may be refused while the store is down: the caller is told to send them again."""


@dataclass(frozen=True, slots=True)
class Read:
    """What an answer said. `fault` is None for a valid one."""

    fault: str | None = None
    skipped: bool = False
    fallback: bool = False
    refused: bool = False
    timings_ms: Mapping[str, float] = field(default_factory=dict)


def read(kind: str, status: int, body: bytes, *, wholly: bool) -> Read:
    """Look an answer over; `wholly` against the declared contract, too."""
    try:
        answer = orjson.loads(body)
        if wholly and status == 200:
            (EventsAnswer if kind == "events" else DecideAnswer).model_validate_json(body, strict=True)
        if kind == "events":
            return _events(status, answer)
        return _decision(answer) if status == 200 else Read(f"status {status}: {body[:120]!r}")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        told = " ".join(str(error).split())[:200]
        return Read(f"status {status}, not of the answer's form: {type(error).__name__} {told}: {body[:120]!r}")


def _events(status: int, answer: Any) -> Read:
    if status == UNAVAILABLE and isinstance(answer, dict) and "error" in answer:
        return Read(refused=True)
    if status != 200 or not isinstance(answer, dict) or not {"accepted", "rejected"} <= answer.keys():
        return Read(f"events: status {status}: {str(answer)[:120]}")
    return Read()


def _decision(answer: dict[str, Any]) -> Read:
    places = answer["placements"]
    if not (answer["decision"] and answer["release"] and places):
        return Read("no decision, no release or no placements")
    for name, place in places.items():
        if fault := _placement(place):
            return Read(f"{name}: {fault}")
    return Read(
        skipped=bool(answer["skipped"]),
        fallback=any(place["fallback"] for place in places.values()),
        timings_ms=answer["timings_ms"],
    )


def _placement(place: dict[str, Any]) -> str | None:
    if place["kind"] not in KINDS:
        return f"is of kind {place['kind']}"
    items = place["items"]
    if place["kind"] == "products" and not (items or place["rows"] or place["reasons"] or place["fallback"]):
        return "is empty without a reason"
    if len({item["id"] for item in items}) < len(items):
        return "shows an item twice"
    if any(item["card"] is None or item["card"]["price"] <= 0 for item in items):
        return "shows an item without a card or a price"
    return None
