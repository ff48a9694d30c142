"""Good requests that use every field, so that every field can be spoiled, and what replaces one value in them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.abuse.outreach import good_bodies
from tests.golden.example_world import QUIET
from tests.golden.world import KEYS
from vitrine.visitors.identity import mint

NOW_MS: Final = int(QUIET.timestamp() * 1000)
MARK: Final = "@spoiled@"

_VIEW: Final[dict[str, Any]] = {
    "visitor": mint("plain", KEYS),
    "session": "s-1",
    "page": {
        "type": "category",
        "item": "spaghetti-1",
        "category": "grocery/cold-cereal",
        "query": "milk",
        "locale": "en-US",
        "referrer": "https://search.example/a?q=b",
    },
    "device": {"kind": "mobile", "visitor": mint("family", KEYS)},
    "traffic": {"source": "news", "medium": "email", "campaign": "autumn"},
    "visit": {"views": 3, "seconds": 41.5},
    "recent": ["spaghetti-1"],
    "cart": [{"item": "milk-1", "quantity": 2, "price": 299}],
    "listing": ["milk-1", "milk-2"],
    "signals": {"exit_intent": True, "idle_s": 3.5, "scroll": 0.5, "tab_return": True, "added_to_cart": "milk-1"},
    "geo": {"lat": 40.0, "lon": -82.9},
    "consent": ["personalization", "geo"],
    "placements": None,
    "options": {"explain": False, "deadline_ms": 3000, "dry_run": False},
}
GOOD: Final[Mapping[str, dict[str, Any]]] = {
    **good_bodies(KEYS),
    "POST /v1/decide": _VIEW,
    "POST /v1/explain": {
        **_VIEW,
        "preview": {
            "at": "2026-11-22T19:00:00-06:00",
            "region": "north",
            "attributes": {"weather.temperature_c": 3.5, "page.category": "grocery/cold-cereal"},
        },
    },
    "POST /v1/events": {
        "visitor": mint("plain", KEYS),
        "session": "s-1",
        "consent": ["personalization"],
        "events": [
            {
                "id": "e-1",
                "kind": "survey",
                "at_ms": NOW_MS - 1000,
                "item": "milk-1",
                "quantity": 1,
                "price": 299,
                "query": "milk",
                "decision": "01m80mre83gycs2cjnw2872rm8",
                "placement": "home.recs",
                "slot": 0,
                "answers": {"how": "well"},
            }
        ],
    },
}


def spoiled(route: str, fragment: str) -> Iterator[tuple[str, bytes]]:
    """The good body of a route with the fragment in place of each of its values in turn, and of each of its keys."""
    good = GOOD[route]
    for place in places(good):
        text = json.dumps(_replaced(good, place), ensure_ascii=False)
        yield ".".join(map(str, place)), text.replace(f'"{MARK}"', fragment).encode(errors="surrogatepass")


def places(plain: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value below the root."""
    steps = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for step, value in steps:
        yield (*at, step)
        yield from places(value, (*at, step))


def _replaced(plain: Any, place: tuple[str | int, ...]) -> Any:
    if not place:
        return MARK
    copy = dict(plain) if isinstance(plain, dict) else list(plain)
    copy[place[0]] = _replaced(plain[place[0]], place[1:])
    return copy
