"""What visitors ask for: Zipf visitors looking at Zipf items, page by page, as bytes ready to be sent, from a seed.

Visitors and items follow Zipf's law with the exponents below, in the order of the population. Most page views are of
visitors whom the store knows; some come with a token that has no rows, some with none.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

import msgpack
import orjson

from vitrine.visitors.identity import TokenKeys, mint

PREPARED: Final = 50_000
"""Different requests; a longer run begins again with the first, whose events the store then knows."""

ZIPF_VISITORS: Final = 0.8
ZIPF_ITEMS: Final = 1.0
"""Exponents near what web traces show: Breslau et al., INFOCOM 1999, 0.64 to 0.83 by requests; shops sell steeper."""

PAGES: Final = {"home": 0.25, "category": 0.25, "product": 0.4, "cart": 0.1}
WHO: Final = {"known": 0.6, "unknown": 0.15, "new": 0.25}
MAX_RECENT: Final = 4
MAX_CART: Final = 3
PATHS: Final = {"decide": "/v1/decide", "events": "/v1/events"}
FILE: Final = "requests.msgpack"


@dataclass(frozen=True, slots=True)
class Population:
    """Who may ask for what; visitors and items in the order of how often they do."""

    visitors: Sequence[str]
    items: Sequence[str]
    categories: Sequence[str]


@dataclass(frozen=True, slots=True)
class Mix:
    """`events` is the share of requests that are batches of events; a deadline of None is the API's own."""

    events: float = 0.02
    deadline_ms: int | None = None


class Traffic:
    """Makes requests one after the other; the same ones for the same seed, but for the instants in events."""

    def __init__(self, population: Population, keys: TokenKeys, mix: Mix, seed: int) -> None:
        self._population = population
        self._keys = keys
        self._mix = mix
        self._rng = Random(seed)
        self._visitors = list(accumulate(zipf(len(population.visitors), ZIPF_VISITORS)))
        self._items = list(accumulate(zipf(len(population.items), ZIPF_ITEMS)))

    def prepared(self, n: int = PREPARED) -> list[tuple[str, bytes]]:
        """Kind and HTTP request of each."""
        kinds = ["events" if self._rng.random() < self._mix.events else "decide" for _ in range(n)]
        bodies = (self._events(number) if kind == "events" else self._decide() for number, kind in enumerate(kinds))
        return [(kind, http(PATHS[kind], body)) for kind, body in zip(kinds, bodies, strict=True)]

    def _decide(self) -> dict[str, Any]:
        page, token = self._one_of(PAGES), self._token()
        seen = self._some_items(self._rng.randint(0, MAX_RECENT))
        body = {
            "visitor": token,
            "session": f"s{self._rng.getrandbits(40):x}",
            "page": {"type": page, "locale": "en", **self._about(page)},
            "device": {"kind": "mobile"},
            "recent": seen,
            "cart": [{"item": item, "quantity": 1} for item in self._cart(page)],
            "consent": ["personalization"],
        }
        return body if self._mix.deadline_ms is None else body | {"options": {"deadline_ms": self._mix.deadline_ms}}

    def _about(self, page: str) -> dict[str, str]:
        match page:
            case "product":
                return {"item": self._some_items(1)[0]}
            case "category":
                return {"category": self._rng.choice(self._population.categories)}
        return {}

    def _cart(self, page: str) -> list[str]:
        least = 1 if page == "cart" else 0
        return self._some_items(self._rng.randint(least, MAX_CART))

    def _events(self, number: int) -> dict[str, Any]:
        now_ms = int(time.time() * 1000)
        views = [
            {"id": f"load-{number}-{at}", "kind": "view", "at_ms": now_ms - at, "item": item}
            for at, item in enumerate(self._some_items(2))
        ]
        return {"visitor": self._token(), "consent": ["personalization"], "events": views}

    def _token(self) -> str | None:
        match self._one_of(WHO):
            case "known":
                (visitor,) = self._rng.choices(self._population.visitors, cum_weights=self._visitors)
                return mint(visitor, self._keys)
            case "unknown":
                return mint(f"stranger{self._rng.getrandbits(40):x}", self._keys)
        return None

    def _some_items(self, n: int) -> list[str]:
        """n different items; fewer where even three times as many draws found no more."""
        drawn = self._rng.choices(self._population.items, cum_weights=self._items, k=3 * n)
        return list(dict.fromkeys(drawn))[:n]

    def _one_of(self, shares: Mapping[str, float]) -> str:
        return self._rng.choices(list(shares), list(shares.values()))[0]


def zipf(n: int, exponent: float) -> list[float]:
    """Shares of the first to the n-th, of sum 1: the k-th is k ** -exponent times the first."""
    weights = [float(k**-exponent) for k in range(1, n + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def http(path: str, body: object) -> bytes:
    """A POST of JSON on a connection that stays open."""
    data = orjson.dumps(body)
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nuser-agent: load\r\n"
    return f"{head}content-length: {len(data)}\r\n\r\n".encode() + data


def save(requests: Sequence[tuple[str, bytes]], folder: Path) -> None:
    """Leave the requests for the generator."""
    (folder / FILE).write_bytes(msgpack.packb(list(requests)))


def load(folder: Path) -> list[tuple[str, bytes]]:
    """What `save` left."""
    return [(kind, data) for kind, data in msgpack.unpackb((folder / FILE).read_bytes())]
