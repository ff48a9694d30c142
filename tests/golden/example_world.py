"""The example store over a small world in memory: goods in four regions, visitors of all personas, any weather."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from tests.golden.example_goods import FIXED, GOODS, PER_KIND, TOGETHER, Good, good
from tests.golden.world import RELEASE, LinearRanker, World
from tests.unit.tables import table
from vitrine import keys
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.packed import ItemTable, code, pack
from vitrine.decisions.placements import Store
from vitrine.decisions.release import Pointer
from vitrine.places.weather import TTL_MS, Weather, weather_row
from vitrine.types import DAY_MS, Event, Key, Row
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

QUIET: Final = datetime(2026, 10, 7, 16, 0, tzinfo=UTC)
"""A Wednesday noon in Ohio, five days before the next holiday: no campaign for a time is due."""

REGIONS: Final = ("north", "east", "south", "west")
HABITS: Final = {"discount_share": 0.4, "private_share": 0.2, "basket_value": 1800, "visits_per_month": 4.0}
STAPLES: Final = ("milk-1", "bread-1", "eggs-2", "cheese-2", "soup-1", "beef-1", "bananas-1", "coffee-1")


class PlainRanker(LinearRanker):
    """The visitor's own, then what goes with what was seen, then what is like it, then what sells in all the store."""

    id = "plain-test"
    weights: ClassVar = {"in_personal": 4.0, "bought_together": 3.0, "similar": 2.0, "popularity": 0.2}


VISITORS: Final[Mapping[str, tuple[str, dict[str, Any], Sequence[str]]]] = {
    "bargain": ("north", {"discount_share": 0.7}, ("soup-2", "pizza-2", "chips-4", "milk-1", "cola-2")),
    "bargain-11": ("east", {"discount_share": 0.7}, ("soup-2", "pizza-2", "chips-4", "milk-1", "cola-2")),
    "stock": ("north", {"basket_value": 5200, "visits_per_month": 2.0}, STAPLES),
    "regular": ("north", {"visits_per_month": 14.0}, ("yogurt-1", "yogurt-3", "coffee-1", "coffee-3", *STAPLES)),
    "plain": ("north", {}, STAPLES),
    "southerner": ("south", {}, STAPLES),
    "thrifty": ("west", {"private_share": 0.6}, STAPLES),
    "thrifty-2": ("west", {"private_share": 0.6}, STAPLES),
    "family": ("north", {"kids_count": "2", "age": "35-44"}, STAPLES),
    "dog": ("north", {}, ("dog-can-1", "dog-can-2", "milk-1")),
    "cat": ("north", {}, ("cat-can-1", "cat-can-2", "milk-1")),
    "lapsed": ("north", {}, STAPLES),
    "held-5": ("north", {"discount_share": 0.7}, STAPLES),
}
"""Home region, habits that differ from HABITS, own goods: of every visitor that cases are about."""


@cache
def example_store() -> Store:
    """The files under store/, compiled once."""
    return load_store(compile_store(Path("store"), range(2025, 2029)))


def example_world(at: datetime = QUIET, weather: Mapping[str, Any] | None = None) -> World:
    """The decide handler over the example store at an instant, with this weather everywhere (None: unknown)."""
    return World(PlainRanker(), at, example_store(), rows(at, weather))


def rows(at: datetime, weather: Mapping[str, Any] | None) -> dict[Key, Row]:
    """Every row of the table."""
    found: dict[Key, Row] = {keys.RELEASE_POINTER: Pointer(RELEASE, "0" * 64, None, 1).to_row()}
    found |= {keys.card(each.id): _card(each, at) for each in GOODS}
    found |= {key: {"table": pack(made)} for key, made in _lists().items()}
    for visitor, (region, habits, own) in VISITORS.items():
        found[keys.profile(visitor)] = Stored(Profile(), None).successor(_profile(visitor, region, habits, at), at)
        found[keys.personal(visitor, RELEASE)] = {"table": pack(_personal(visitor, own))}
    if weather is not None:
        row = weather_row(_weather(weather, at), int(at.timestamp() * 1000) + TTL_MS, 1)
        found |= {keys.weather(cell): row for cell in example_store().places.cells}
    return found


@cache
def _lists() -> dict[Key, ItemTable]:
    """Shelves of all regions and category paths, and related goods."""
    found = {keys.related(each.id, RELEASE): _related(each) for each in GOODS}
    for bit, region in enumerate(REGIONS):
        stocked = [each for each in GOODS if each.regions >> bit & 1]
        found[keys.shelf(region, None, RELEASE)] = _shelf([each for each in stocked if each.n <= 3])
        for persona in example_store().personas:
            found[keys.shelf(region, f"@{persona.name}", RELEASE)] = _shelf([each for each in stocked if each.n <= 2])
        for path in dict.fromkeys(path for each in GOODS for path in _levels(each.path)):
            of_path = [each for each in stocked if path in _levels(each.path)]
            if of_path:
                found[keys.shelf(region, path, RELEASE)] = _shelf(of_path)
    return found


def _levels(path: str) -> list[str]:
    steps = path.split("/")
    return ["/".join(steps[: depth + 1]) for depth in range(len(steps))]


def _table(goods: Sequence[Good], scores: Mapping[str, Sequence[float]]) -> ItemTable:
    return table(
        [each.id for each in goods],
        scores,
        price=[each.price for each in goods],
        discount=[1 - each.price / each.regular_price for each in goods],
        margin=[0.35 if each.brand == "Private" else 0.25 for each in goods],
        department=[code(each.path.partition("/")[0]) for each in goods],
        category=[code("/".join(each.path.split("/")[:2])) for each in goods],
        leaf=[code(each.path) for each in goods],
        brand=[code(each.brand) for each in goods],
        regions=[each.regions for each in goods],
        age_days=[each.age_days for each in goods],
        popularity=[each.popularity for each in goods],
    )


def _shelf(goods: Iterable[Good]) -> ItemTable:
    best = sorted(goods, key=lambda each: -each.popularity)
    return _table(
        best,
        {
            "popular": [each.popularity for each in best],
            "trending": [each.popularity if each.n == 2 else np.nan for each in best],
            "new": [each.popularity if each.age_days <= 60 else np.nan for each in best],
            "discounted": [each.popularity if each.price < each.regular_price else np.nan for each in best],
        },
    )


def _related(of: Good) -> ItemTable:
    """The good, the two best of each kind that it is bought with, and the others of its own kind, the nearest first.

    The best of what goes with it is an accessory and makes a set; of its own kind the dearer are a step up.
    """
    with_it = [Good(kind, n) for kind in TOGETHER.get(of.kind, ()) for n in (1, 2)]
    like_it = sorted(
        (Good(of.kind, n) for n in range(1, PER_KIND + 1) if n != of.n), key=lambda each: (abs(each.n - of.n), each.n)
    )
    relations: dict[str, Sequence[Good]] = {
        "bought_together": with_it,
        "viewed_together": like_it[:3],
        "similar": like_it,
        "accessories": with_it[::2],
        "upsell": [each for each in like_it if each.price > of.price],
        "downsell": [each for each in like_it if each.price < of.price],
        "bundle": with_it[:1],
    }
    goods = [of, *with_it, *like_it]
    return _table(goods, {name: _scores(goods, chosen) for name, chosen in relations.items()})


def _scores(goods: Sequence[Good], chosen: Sequence[Good]) -> list[float]:
    """Scores of a relation over the goods, the first chosen strongest."""
    score = {each: 0.9 - 0.1 * place for place, each in enumerate(chosen)}
    return [score.get(each, np.nan) for each in goods]


def _personal(visitor: str, own: Sequence[str]) -> ItemTable:
    """Their own goods, all of them bought every two weeks; what the southerner has is used up by now."""
    goods = [good(name) for name in own]
    n = len(goods)
    scores: dict[str, Sequence[float]] = {
        "personal": range(n, 0, -1),
        "replenish": [1.0 / (place + 1) if visitor == "southerner" else np.nan for place in range(n)],
        "n_bought": [4] * n,
        "days_since": [20] * n,
        "interval_days": [14] * n,
    }
    return _table(goods, scores)


def _profile(visitor: str, region: str, habits: Mapping[str, Any], at: datetime) -> Profile:
    profile = Profile().with_attributes(region, {**HABITS, **habits})
    if visitor != "lapsed":
        return profile
    return profile.apply([Event("e1", "view", int(at.timestamp() * 1000) - 45 * DAY_MS, FIXED["milk-1"])])


def _card(of: Good, at: datetime) -> Row:
    return {
        "title": f"{of.kind} {of.n}",
        "url": f"/shop/p/{of.id}",
        "image": f"/media/{of.path}.svg",
        "price": of.price,
        "regular_price": of.regular_price,
        "currency": "USD",
        "regions": of.regions,
        "category": of.path,
        "updated_ms": int(at.timestamp() * 1000),
    }


def _weather(said: Mapping[str, Any], at: datetime) -> Weather:
    """The weather that a case tells, the rest of it unremarkable."""
    temperature_c = float(said.get("temperature_c", 15.0))
    return Weather(
        temperature_c=temperature_c,
        feels_like_c=temperature_c,
        precipitation_mm=float(said.get("precipitation_mm", 0.0)),
        wind_kmh=10.0,
        cloud_pct=50,
        code=int(said.get("code", 2)),
        anomaly_c=said.get("anomaly_c"),
        is_day=True,
        observed_ms=int(at.timestamp() * 1000),
        source="manual",
    )
