"""A small shop's past as tables of an engine: visitors who come at rates of their own and may stop coming."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from vitrine.refresh.engine import Engine, Limits

DAY_MS = 86_400_000
START_MS = 1_483_272_000_000  # 2017-01-01 12:00 UTC
LEAVES = ("dairy/milk/whole", "bakery/bread/rolls", "grocery/soup/canned")


@dataclass(frozen=True)
class Line:
    """One event of a shop."""

    visitor: str
    day: float
    item: str = "i0"
    price: int = 100
    regular_price: int = 100
    kind: str = "purchase"
    session: str | None = None

    @property
    def at_ms(self) -> int:
        """The instant."""
        return instant(self.day)


def instant(day: float) -> int:
    """So many days after the shop opened."""
    return START_MS + round(day * DAY_MS)


def put_shop(engine: Engine, lines: Sequence[Line], crm: dict[str, tuple[str, str]] | None = None) -> None:
    """Tables `events`, `items` and `visitors`; `crm` maps visitors to region and JSON."""
    known = crm if crm is not None else {"nobody": ("north", "{}")}
    items = sorted({line.item for line in lines} | {"i0"})
    engine.put(
        "items",
        {
            "item": items,
            "category": [LEAVES[int(item[1:]) % len(LEAVES)] for item in items],
            "brand": ["National" if int(item[1:]) % 2 else "Private" for item in items],
            "price": [100 + int(item[1:]) for item in items],
            "regular_price": [100 + int(item[1:]) for item in items],
        },
    )
    engine.put(
        "events",
        {
            "visitor": [line.visitor for line in lines],
            "kind": [line.kind for line in lines],
            "at_ms": [line.at_ms for line in lines],
            "item": [line.item for line in lines],
            "quantity": [1] * len(lines),
            "price": [line.price for line in lines],
            "regular_price": [line.regular_price for line in lines],
            "session": [line.session or f"{line.visitor}@{line.day}" for line in lines],
            "region": ["north"] * len(lines),
        },
    )
    engine.put(
        "visitors",
        {"visitor": list(known), "region": [r for r, _ in known.values()], "crm": [c for _, c in known.values()]},
    )


@contextmanager
def open_shop(lines: Sequence[Line], crm: dict[str, tuple[str, str]] | None = None) -> Iterator[Engine]:
    """An engine with such a shop."""
    with Engine(Limits(threads=1)) as engine:
        put_shop(engine, lines, crm)
        yield engine


def simulate(n_visitors: int, days: int, seed: int = 7) -> list[Line]:
    """Purchases of visitors whose gaps are gamma distributed around a mean of their own, some of whom stop at a day."""
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(n_visitors):
        gap = float(rng.gamma(1.5, 8.0)) + 1.0
        value = float(rng.lognormal(6.0, 0.6))
        last = days if rng.random() < 0.7 else float(rng.uniform(0, days))
        day = float(rng.uniform(0, min(gap, days / 2)))
        while day < last:
            price = max(1, round(value * float(rng.lognormal(0.0, 0.3))))
            item = f"i{int(rng.integers(12))}"
            lines.append(Line(f"v{number:04}", round(day, 4), item, price, round(price * rng.choice([1.0, 1.25]))))
            day += max(0.05, float(rng.gamma(4.0, gap / 4.0)))
    return lines


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
