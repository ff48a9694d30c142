"""A subject of a few lines behind the real front and the real generator, for tests of these two."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.bench.canned_data import SECRET
from tests.load import front
from tests.load.rig import CONNECTIONS, DECIDE, Rig, cores, open_front, open_generator, states_of
from tests.load.traffic import Mix, Population
from vitrine.visitors.identity import parse_keys

PREPARED: Final = 50
PEOPLE: Final = Population(["h1", "h2"], [str(number) for number in range(20)], ["bread"])
ANSWER: Final[dict[str, Any]] = {
    "visitor": None,
    "timings_ms": {"read": 1.5},
    "decision": "d1",
    "release": "r1",
    "model": None,
    "region": "north",
    "placements": {
        "home.hero": {
            **dict.fromkeys(("campaign", "variation", "mechanic", "live", "content", "fallback")),
            "kind": "none",
            "control": False,
            "items": [],
            "rows": [],
            "reasons": ["no_campaign"],
        }
    },
    "skipped": [],
}
HANDLER: Final = f"""
ANSWER = {json.dumps({"statusCode": 200, "body": json.dumps(ANSWER)})!r}
"""


@contextmanager
def small_rig(folder: Path, handler: str, connections: int = CONNECTIONS) -> Iterator[Rig]:
    """A rig over one environment with this handler, which finds a valid answer as JSON in ANSWER."""
    (folder / "app.py").write_text(HANDLER + handler, encoding="utf-8")
    function = front.Function(DECIDE, str(folder), 1, dict(os.environ), cores()[1])
    with (
        open_front([function], folder) as url,
        open_generator(url, folder, PEOPLE, parse_keys(SECRET), Mix(events=0.0), 1, PREPARED) as generator,
    ):
        yield Rig(url, folder, generator, lambda: states_of(url), log=folder / front.LOG, connections=connections)
