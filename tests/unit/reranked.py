"""An invented log of lists that were shown and clicked, for the tests of re-ranking."""

import json
from collections.abc import Iterator

import numpy as np

from vitrine.refresh.rerank_events import RerankLog, read_log

COLOURS = ("red", "green", "blue", "black", "white", "grey")


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def event_lines(n_visitors: int = 60, signal: float = 1.0, seed: int = 5) -> Iterator[bytes]:
    """Lists of eight items, four to a visitor, who likes good items, one colour, and what stands first.

    Without signal, clicks are drawn for items and visitors alike, and only the place counts.
    """
    rng = np.random.default_rng(seed)
    n_items = 80
    goodness, colour = rng.standard_normal(n_items), rng.integers(0, len(COLOURS), n_items)
    for item in range(n_items):
        fields = [
            {"name": "fame", "value": float(np.exp(goodness[item]))},
            {"name": "colours", "value": [COLOURS[colour[item]]]},
            {"name": "maker", "value": f"Maker {item % 7}"},
        ]
        yield json.dumps({"event": "item", "item": f"i{item}", "fields": fields}).encode()
    for number in range(4 * n_visitors):
        visitor = number % n_visitors
        shown = rng.choice(n_items, 8, replace=False)
        likes = 0.8 * goodness[shown] + 3.0 * (colour[shown] == visitor % len(COLOURS))
        chance = 1.0 / (1.0 + np.exp(1.0 - signal * likes)) / (1.0 + 0.2 * np.arange(8))
        ranking = {
            "event": "ranking",
            "id": f"r{number}",
            "user": f"v{visitor}",
            "timestamp": str(1_000_000 + 1_000 * number),
            "items": [{"id": f"i{item}", "fields": [{"name": "relevancy", "value": 0.5}]} for item in shown],
        }
        yield json.dumps(ranking).encode()
        for item in shown[rng.random(8) < chance]:
            click = {"ranking": f"r{number}", "item": f"i{item}", "timestamp": 1_000_500 + 1_000 * number}
            yield json.dumps({"event": "interaction", **click}).encode()


def some_log(n_visitors: int = 60, signal: float = 1.0, seed: int = 5) -> RerankLog:
    """The log of these lines."""
    return read_log(event_lines(n_visitors, signal, seed))
