"""A small grocery store in memory, behind the real decide handler: the state of golden and functional tests.

Milk, bread and a beer sell best; h1 buys milk and rolls; jar is baby food with two neighbours. `south` has no beer.
"""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import orjson
from aws_lambda_powertools.utilities.typing import LambdaContext
from numpy.typing import NDArray

from tests.functional.handlers import load_handler
from tests.unit.tables import personal, related, shelf
from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import Card
from vitrine.catalog.packed import ItemTable, code, pack, unpack
from vitrine.decisions.features import FEATURES
from vitrine.decisions.placements import Store
from vitrine.decisions.release import Pointer, Release
from vitrine.ports import Ranker
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.types import Event, Key, Row
from vitrine.visitors.identity import TokenKeys, mint
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
KEYS = TokenKeys("k1", {"k1": b"0123456789abcdef0123456789abcdef"})
RELEASE = "20261122T000000-00000000"
STORE = Path("tests/fixtures/store")

LEAVES = {
    "milk": "grocery/dairy/milk",
    "rolls": "grocery/bread/rolls",
    "toast": "grocery/bread/toast",
    "beer": "spirits/beer/lager",
    "jar": "baby/food/jars",
    "pouch": "baby/food/pouches",
    "wipes": "baby/care/wipes",
}
NORTH, SOUTH = 0b0001, 0b0100  # bits of store.yaml's first and third region
REGIONS = dict.fromkeys(LEAVES, NORTH | SOUTH) | {"beer": NORTH}


class LinearRanker:
    """A ranker of predictable order: the visitor's own, then what goes with what was seen, then the shelf."""

    id = "linear-test"
    weights: ClassVar = {"in_personal": 4.0, "bought_together": 3.0, "similar": 2.0, "popular": 1.0}

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The weighted sum."""
        known = np.nan_to_num(features)
        columns = [weight * known[:, FEATURES.index(name)] for name, weight in self.weights.items()]
        return np.sum(columns, axis=0, dtype=np.float32)


def card_of(item: str) -> Card:
    """The card of an item of this world."""
    price = 100 + 10 * list(LEAVES).index(item)
    return Card(item.title(), f"/shop/p/{item}", f"/i/{item}.svg", price, price, "USD", REGIONS[item], LEAVES[item])


def rows() -> dict[Key, Row]:
    """Every row of the table."""
    lists: dict[Key, ItemTable] = {
        keys.shelf("north", None, RELEASE): _table(shelf, ["milk", "toast", "beer", "rolls"]),
        keys.shelf("south", None, RELEASE): _table(shelf, ["beer", "toast", "milk"]),
        keys.shelf("north", "baby/food", RELEASE): _table(shelf, ["jar", "pouch"]),
        keys.personal("h1", RELEASE): _table(personal, ["milk", "rolls"]),
        keys.related("jar", RELEASE): _table(related, ["jar"], ["wipes", "milk"], ["pouch"]),
        keys.related("milk", RELEASE): _table(related, ["milk"], ["toast"], []),
    }
    return {
        keys.RELEASE_POINTER: Pointer(RELEASE, "0" * 64, None, 1).to_row(),
        **{key: {"table": pack(table)} for key, table in lists.items()},
        **{keys.card(item): _card_row(card_of(item)) for item in LEAVES},
        keys.profile("h1"): Stored(Profile(), None).successor(Profile(), NOW),
        keys.profile("seen"): Stored(Profile(), None).successor(
            Profile().apply([Event("e1", "view", NOW_MS - 60_000, "jar")]), NOW
        ),
        keys.profile("southerner"): Stored(Profile(), None).successor(Profile(region="south"), NOW),
    }


def _table(make: Any, first: list[str], *more: list[str]) -> ItemTable:
    ids = [item for part in (first, *more) for item in part]
    arguments = [first[0], *more] if more else [first]
    leaves = [LEAVES[item] for item in ids]
    return make(
        *arguments,
        leaf=[code(leaf) for leaf in leaves],
        department=[code(leaf.partition("/")[0]) for leaf in leaves],
        category=[code("/".join(leaf.split("/")[:2])) for leaf in leaves],
        regions=[REGIONS[item] for item in ids],
    )


def _card_row(card: Card) -> Row:
    return asdict(card) | {"updated_ms": NOW_MS}


class World:
    """The decide handler over this store; `table`, `records` and the release can be spoiled by a test."""

    def __init__(
        self,
        ranker: Ranker | None = None,
        now: datetime = NOW,
        store: Path | Store = STORE,
        table: dict[Key, Row] | None = None,
    ) -> None:
        self.table = MemoryTable(rows() if table is None else table)
        self.keys: TokenKeys | None = KEYS
        self.records = MemoryStream()
        compiled = load_store(compile_store(store)) if isinstance(store, Path) else store
        held = {"north": [(item, card_of(item)) for item in ("milk", "toast")]}
        release = Release(RELEASE, NOW_MS, compiled, ranker or LinearRanker(), held)
        self.service = DecideService(
            table=self.table,
            releases=Releases(self.table, lambda pointer: release, lambda: release),
            records=self.records,
            token_keys=lambda kid: self.keys,
            clock=lambda: now,
            new_id=lambda now: "d-1",
            entropy=bytes,
            seconds=lambda: 0.0,  # a machine that is busy must not change a decision
        )
        self.app = load_handler("decide")
        self.app.service = lambda: self.service

    def list_of(self, key: Key) -> ItemTable | None:
        """The list in a row, None when there is none."""
        row = self.table.rows.get(key)
        return None if row is None else unpack(row["table"])

    def post(self, body: Any, visitor: str | None = None) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a call; `body` is bytes or gets the visitor's token and is encoded."""
        if isinstance(body, dict):
            body = orjson.dumps(body | ({"visitor": mint(visitor, KEYS)} if visitor else {}))
        event = orjson.loads(Path("events/decide.json").read_bytes()) | {"body": body.decode()}
        response = self.app.handler(event, LambdaContext())
        return response["statusCode"], orjson.loads(response["body"])
