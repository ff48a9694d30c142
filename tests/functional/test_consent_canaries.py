"""Nothing of a visitor is kept without their consent: marked values in every personal field, looked for afterwards.

Looked at are the bytes of the decision's record, its inputs unpacked, the rows of the table that changed, and what the
function printed, under every combination of consents.
"""

import time
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, Final

import orjson
import pytest

from tests.functional.handlers import CONTEXT, recorded_event
from tests.golden.example_world import QUIET, example_world
from tests.golden.world import KEYS, World
from vitrine import keys
from vitrine.decisions.packing import COMMON, unpack
from vitrine.types import Key, Row
from vitrine.visitors.consent import PURPOSES
from vitrine.visitors.identity import mint

VISITOR: Final = mint("canaryvisitor", KEYS)
DEVICE: Final = mint("canarydevice", KEYS)
AT_REGION, AT_SHOP = keys.weather_traffic("40.0_-83.0"), keys.weather_traffic("40.0_-84.0")
"""Notes of the cells of Columbus, where the region's weather is taken, and of Dayton, where the page says it is."""

BODY: Final[dict[str, Any]] = {
    "visitor": VISITOR,
    "session": "canarysession",
    "page": {
        "type": "cart",
        "query": "canaryquery",
        "referrer": "https://canaryuser:canarypass@mail.example/inbox?to=canaryreferrer@mail.example#canaryfragment",
    },
    "device": {"visitor": DEVICE},
    "traffic": {"source": "canarysource", "medium": "canarymedium", "campaign": "canarycampaign"},
    "visit": {"views": 3, "seconds": 4711.5},
    "recent": ["canaryrecent"],
    "cart": [{"item": "canarycart", "quantity": 2}, {"item": "spaghetti-1"}, {"item": "pizza-1"}],
    "geo": {"lat": 39.76234, "lon": -84.18234},
    "options": {"deadline_ms": 3000},
}
SIGNALS: Final = ({"exit_intent": True}, {"added_to_cart": "canaryadded"})
"""Of the two page views: the first is shown what has a cap, which the second then reads."""

HEADERS: Final = {
    "cloudfront-viewer-country": "US",
    "cloudfront-viewer-country-region": "OH",
    "cloudfront-viewer-city": "Canaryville",
    "cloudfront-viewer-latitude": "39.11234",
    "cloudfront-viewer-longitude": "-84.51234",
    "user-agent": "canaryagent",
    "x-forwarded-for": "203.0.113.77",
}
NEVER: Final = (
    *(VISITOR, DEVICE, VISITOR.rpartition(".")[2], DEVICE.rpartition(".")[2]),
    *("canaryuser", "canarypass", "canaryreferrer", "canaryfragment", "canaryagent", "203.0.113.77"),
    *("39.76", "84.18", "39.11", "84.51"),
)
"""Tokens, whatever of a referrer is no address, the caller's machine, digits of coordinates."""

OF_THE_VISITOR: Final = (
    *("canaryvisitor", "canarydevice", "canarysession", "canaryquery", "canarysource", "canarymedium"),
    *("canarycampaign", "canaryrecent", "canarycart", "canaryadded", "4711.5", "https://mail.example/inbox"),
)
"""On record of who agreed to be recognised, and of nobody else."""

OF_THE_PLACE: Final = ("Canaryville", '"lat":39.1,"lon":-84.5', '"lat":39.8,"lon":-84.2', "W#40.0_-84.0")
"""On record of who also agreed to be located."""

COMBINATIONS: Final = [chosen for n in range(len(PURPOSES) + 1) for chosen in combinations(PURPOSES, n)]


def post(world: World, consent: tuple[str, ...], signals: dict[str, Any]) -> None:
    """One page view through the handler, with all that is marked."""
    event = recorded_event("decide") | {"body": orjson.dumps(BODY | {"consent": consent, "signals": signals}).decode()}
    event["headers"] = {**event["headers"], **HEADERS}
    answer = world.app.handler(event, CONTEXT)
    assert answer["statusCode"] == 200


def wait_for(done: Callable[[], bool]) -> None:
    """Notes and records are written beside the answer."""
    until = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until
        time.sleep(0.005)


def served(consent: tuple[str, ...]) -> tuple[World, dict[Key, Row]]:
    """A world after the two page views, and its rows that changed."""
    world = example_world(QUIET, {"temperature_c": 20})
    before = dict(world.table.rows)
    for n, signals in enumerate(SIGNALS, 1):
        post(world, consent, signals)
        wait_for(lambda n=n: len(world.records.records) == n or "personalization" not in consent)  # type: ignore[misc]
    wait_for(lambda: bool({AT_REGION, AT_SHOP} & world.table.rows.keys()))
    return world, {key: row for key, row in world.table.rows.items() if before.get(key) != row}


def bytes_of(record: bytes) -> bytes:
    """A record's line, its inputs unpacked behind it, and what they have of the request as JSON."""
    packed = b64decode(orjson.loads(record)["inputs"])
    inputs = zlib.decompressobj(zdict=COMMON).decompress(packed)
    return record + inputs + orjson.dumps(unpack(packed)["request"])


def texts_of(row: Row) -> Iterator[bytes]:
    """All values of a row."""
    return (value if isinstance(value, bytes) else str(value).encode() for value in row.values())


def found(names: tuple[str, ...], within: bytes) -> set[str]:
    """Those of the marked values that are in there."""
    return {name for name in names if name.encode() in within}


@pytest.mark.parametrize("consent", COMBINATIONS, ids=lambda chosen: "+".join(chosen) or "none")
def test_what_is_kept_is_what_was_agreed_to(consent: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Who did not agree to be recognised leaves the note that weather is wanted somewhere, and nothing else."""
    world, changed = served(consent)
    at = AT_SHOP if "geo" in consent else AT_REGION
    kept = b"".join(map(bytes_of, world.records.records))
    written = b"".join(b" ".join([*map(str.encode, key), *texts_of(row)]) for key, row in changed.items())
    if "personalization" in consent:
        assert len(world.records.records) == 2
        assert changed.keys() == {at, keys.shown("canaryvisitor")}
        assert found(OF_THE_VISITOR, kept) == set(OF_THE_VISITOR)
        assert found(OF_THE_PLACE, kept) == (set(OF_THE_PLACE) if "geo" in consent else set())
        assert found(OF_THE_VISITOR, written) <= {"canaryvisitor", "canarysession"}
    else:
        assert world.records.records == []
        assert changed.keys() == {at}
        assert found((*OF_THE_VISITOR, "canary"), written) == set()
    assert found(NEVER, kept + written) == set()
    assert found(("Canaryville", "lat"), written) == set()
    printed = capsys.readouterr()
    assert found(("canary", "Canary", "203.0.113"), (printed.out + printed.err).encode()) == set()
