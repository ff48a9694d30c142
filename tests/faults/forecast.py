"""Weather that is out of date: a campaign for the heat must not run on it, and the page goes on without."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from tests.bench import canned_dynamodb
from tests.bench.canned_data import REGION, SECRET, Canned
from tests.faults.environment import Reply, judge
from tests.faults.stage import Stage
from vitrine import keys
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.places.weather import Weather, weather_row
from vitrine.visitors.identity import mint, parse_keys

HERO: Final = "home.hero"
CAMPAIGN: Final = "heat-banner"
VISITOR: Final = "v1"
"""Not of the store's holdout, as the bench's visitor is."""

AGES: Final = {"fresh": timedelta(minutes=5), "stale": timedelta(hours=5)}
HEAT: Final = Weather(36.0, 38.0, 0.0, 5.0, 0, 0, 9.0, True, 0, "manual")


def runs_in(stage: Stage, *sabotages: str) -> dict[str, bool]:
    """Whether the campaign for the heat runs in fresh heat, and in heat whose time is over.

    Each is met by an environment of its own, for weather is held for some seconds; by its second page view, for the
    first one has less time to read it.
    """
    changes = {"visitor": mint(VISITOR, parse_keys(SECRET)), "placements": [HERO]}
    page = json.dumps({**json.loads(stage.page), **changes}).encode()
    runs = {}
    for name, age in AGES.items():
        put_heat(stage, age)
        with stage.environment(*sabotages) as environment:
            environment.ask(page)
            runs[name] = _runs(environment.ask(page))
    return runs


def _runs(reply: Reply) -> bool:
    assert judge(reply).fault is None, judge(reply).fault
    return orjson.loads(reply.body)["placements"][HERO]["campaign"] == CAMPAIGN


def put_heat(stage: Stage, age: timedelta) -> None:
    """Let the backend's observation of the region's weather be of that age; it may be used for two hours."""
    store = load_store(compile_store(stage.bundle / "store"))
    cell = store.places.weather_cell(REGION, None)
    assert cell is not None
    observed = datetime.now(UTC) - age
    heat = replace(HEAT, observed_ms=_ms(observed))
    row = weather_row(heat, _ms(observed + timedelta(hours=2)), 1)
    folder = stage.folder / "weather"
    folder.mkdir(exist_ok=True)
    canned_dynamodb.save(Canned({keys.weather(cell): row}, {}, [], {}), folder)
    stage.backend.lay_over(folder)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
