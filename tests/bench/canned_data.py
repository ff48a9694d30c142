"""One visitor's page view and all that the stores would answer to it: synthetic, of realistic size, from a fixed seed.

A home page of a known visitor with two items in the cart and three items seen: a shelf of 100 items, 60 items of the
visitor's own, five related lists of 31, a profile, a row of exposures, cards, and a published release with the bundled
model.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from vitrine import keys
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import Item, card_row
from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable, code, item_key, pack
from vitrine.decisions.release import BESTSELLERS, MODEL, RANKER, STORE, Manifest, Part, Pointer
from vitrine.decisions.serving_object import SERVING, pack_serving
from vitrine.types import Event, Key, Row
from vitrine.visitors.exposures import Exposures, row_of
from vitrine.visitors.identity import mint, parse_keys
from vitrine.visitors.profile import Consent, Profile
from vitrine.visitors.stored import Stored

RELEASE: Final = "20260101T000000-bench000"
VISITOR: Final = "h1234"
REGION: Final = "north"
SECRET: Final = json.dumps({"kid": "k1", "key": "bench" * 8})
N_CART: Final = 2
N_RECENT: Final = 3
DEADLINE_MS: Final = 1000
"""Generous: a slow machine must not make our handler quicker by letting it skip stages."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is: items of the catalogue, items per list, visitors with a profile and lists of their own."""

    items: int = 600
    shelf: int = 100
    personal: int = 60
    related: int = 31
    visitors: int = 1


@dataclass(frozen=True, slots=True)
class Canned:
    """What the canned server holds, and the request that needs it. `list_keys` are read by every warm request."""

    rows: dict[Key, Row]
    objects: dict[str, bytes]
    list_keys: list[Key]
    request: dict[str, Any]


def make_canned(bundle: Path, sizes: Sizes = Sizes()) -> Canned:
    """The page view of this module's docstring; `bundle` is a folder with store/ and models/ranker/."""
    rng = np.random.default_rng(7)
    now = datetime.now(UTC)
    items = [make_item(number, rng, now) for number in range(sizes.items)]
    chosen = [items[index] for index in rng.permutation(sizes.items)]
    seeds, rest = chosen[: N_CART + N_RECENT], chosen[N_CART + N_RECENT :]
    rows = {keys.card(item.item): card_row(item, {REGION: 0}, "USD", to_ms(now)) for item in items}
    rows[keys.shelf(REGION, None, RELEASE)] = list_row(rest[: sizes.shelf], SHELF_COLUMNS, rng)
    rows[keys.personal(VISITOR, RELEASE)] = list_row(rest[sizes.shelf // 2 :][: sizes.personal], PERSONAL_COLUMNS, rng)
    for seed in seeds:
        neighbours = rng.choice(len(rest), sizes.related - 1, replace=False)
        rows[keys.related(seed.item, RELEASE)] = list_row([seed, *(rest[i] for i in neighbours)], RELATION_COLUMNS, rng)
    rows[keys.profile(VISITOR)] = profile_row(seeds, rest, now)
    rows[keys.shown(VISITOR)] = row_of(Exposures(), None, now)
    objects, rows[keys.RELEASE_POINTER] = make_release(bundle, items, now)
    list_keys = [key for key in rows if key.sk != "CARD"]
    own = [key for key in rows if key.pk == f"V#{VISITOR}"]
    rows |= {Key(f"V#other-{n}", key.sk): rows[key] for n in range(1, sizes.visitors) for key in own}
    return Canned(rows, objects, list_keys, _request(seeds))


def make_item(number: int, rng: np.random.Generator, now: datetime) -> Item:
    price = int(rng.integers(99, 1999))
    item = str(800_000 + 37 * number)
    category = f"grocery/aisle-{number % 40}/type-{number % 200}"
    return Item(
        item=item,
        title=f"National Brand Product of Type {number % 200}, 16 OZ",
        category=category,
        brand="Private" if number % 3 else "National",
        price=price,
        regular_price=round(price * 1.1),
        margin=0.3,
        url=f"/shop/p/{item}",
        image=f"/shop/pictures/{item}.svg",
        regions=(REGION,),
        first_seen_ms=to_ms(now - timedelta(days=int(rng.integers(1, 700)))),
    )


def list_row(items: list[Item], scores: tuple[str, ...], rng: np.random.Generator) -> Row:
    """A list row as a refresh writes it: item columns and score columns."""
    prices = np.array([item.price for item in items], "<i4")
    columns = {
        "key": np.array([item_key(item.item) for item in items], "<u8"),
        "price": prices,
        "discount": rng.uniform(0, 0.4, len(items)).astype("<f2"),
        "margin": np.full(len(items), 0.3, "<f2"),
        "department": np.array([code(item.category.partition("/")[0]) for item in items], "<u4"),
        "category": np.array([code(item.category.rpartition("/")[0]) for item in items], "<u4"),
        "leaf": np.array([code(item.category) for item in items], "<u4"),
        "brand": np.array([code(item.brand) for item in items], "<u4"),
        "regions": np.ones(len(items), "<u4"),
        "age_days": rng.integers(0, 700, len(items)).astype("<u2"),
        "popularity": rng.uniform(0, 8, len(items)).astype("<f2"),
        **{name: rng.gamma(2.0, 3.0, len(items)).astype("<f4") for name in scores},
    }
    return {"table": pack(ItemTable([item.item for item in items], columns))}


def profile_row(seeds: list[Item], bought: list[Item], now: datetime) -> Row:
    """A visitor who has just seen and put aside what the request says, and bought forty things in the last year."""
    at_ms = to_ms(now)
    seen = seeds[N_CART:]
    events = [Event(f"v{n}", "view", at_ms - n, item.item) for n, item in enumerate(seen)]
    events += [Event(f"c{n}", "add_to_cart", at_ms - n, item.item) for n, item in enumerate(seeds[:N_CART])]
    events += [
        Event(f"p{n}", "purchase", to_ms(now - timedelta(days=8 * (n + 1))), item.item, price=item.price)
        for n, item in enumerate(bought[:40])
    ]
    profile = Profile().apply(events).with_consent(Consent(at_ms, frozenset(("personalization",))))
    return Stored(Profile(), None).successor(profile.with_attributes(REGION, {"income": "50-74K"}), now)


def make_release(bundle: Path, items: list[Item], now: datetime) -> tuple[dict[str, bytes], Row]:
    """Objects of the published release by name, and the pointer's row."""
    best = [{"item": item.item, **_bestseller(item)} for item in items[:50]]
    parts = {
        MODEL: (bundle / "models/ranker/model.onnx").read_bytes(),
        RANKER: (bundle / "models/ranker/manifest.json").read_bytes(),
        STORE: compile_store(bundle / "store"),
        BESTSELLERS: orjson.dumps({REGION: best}),
    }
    digests = {name: Part.of(data) for name, data in parts.items()}
    manifest = Manifest(RELEASE, to_ms(now), to_ms(now - timedelta(hours=6)), len(items), digests).to_bytes()
    pointer = Pointer(RELEASE, sha256(manifest).hexdigest(), None, 1)
    named = {**parts, "manifest.json": manifest, SERVING: pack_serving(manifest, parts)}
    return {f"{RELEASE}/{name}": data for name, data in named.items()}, pointer.to_row()


def _bestseller(item: Item) -> dict[str, object]:
    row = card_row(item, {REGION: 0}, "USD", 0)
    return {name: value for name, value in row.items() if name not in ("regions", "updated_ms")}


def _request(seeds: list[Item]) -> dict[str, Any]:
    """The body of POST /v1/decide."""
    return {
        "visitor": mint(VISITOR, parse_keys(SECRET)),
        "session": "bench-session",
        "page": {"type": "home", "locale": "en"},
        "device": {"kind": "mobile"},
        "recent": [item.item for item in seeds[N_CART:]],
        "cart": [{"item": item.item, "quantity": 1, "price": item.price} for item in seeds[:N_CART]],
        "consent": ["personalization"],
        "placements": ["home.recs", "home.viewed", "home.discounted"],  # what the naive service shows, too
        "options": {"deadline_ms": DEADLINE_MS},
    }


def event_of(request: dict[str, Any]) -> dict[str, Any]:
    """A request as API Gateway hands it over (payload version 2.0)."""
    http = {
        "method": "POST",
        "path": "/v1/decide",
        "protocol": "HTTP/1.1",
        "sourceIp": "203.0.113.7",
        "userAgent": "Mozilla/5.0",
    }
    return {
        "version": "2.0",
        "routeKey": "POST /v1/decide",
        "rawPath": "/v1/decide",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "api.example.com", "user-agent": "Mozilla/5.0"},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "http": http,
            "requestId": "bench",
            "routeKey": "POST /v1/decide",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": json.dumps(request),
        "isBase64Encoded": False,
    }


def encode_row(key: Key, row: Row) -> bytes:
    """A row in DynamoDB's JSON."""
    attributes: dict[str, dict[str, object]] = {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
    for name, value in row.items():
        match value:
            case bool():
                attributes[name] = {"BOOL": value}
            case int():
                attributes[name] = {"N": str(value)}
            case str():
                attributes[name] = {"S": value}
            case bytes():
                attributes[name] = {"B": b64encode(value).decode()}
    return orjson.dumps(attributes)


def to_ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
