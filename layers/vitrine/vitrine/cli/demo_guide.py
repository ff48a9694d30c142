"""What a person can try while the demo runs: commands to paste, with ids of the data and tokens that are valid."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.refresh.engine import ITEMS, PURCHASES

BABY_FOOD: Final = "%/baby-foods/baby-food-%"
N_VIEWS: Final = 5
HOUSEHOLD: Final = "h718"
CONSENT: Final = ["personalization"]


def most_bought(lake: Path, category: str, n: int) -> list[str]:
    """Ids of the most bought items of categories that match an SQL pattern, best first."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            """
            SELECT item FROM read_parquet($items) AS items JOIN read_parquet($purchases) AS purchases USING (item)
            WHERE category LIKE $category GROUP BY item ORDER BY count(*) DESC, item LIMIT $n
            """,
            {"items": str(lake / ITEMS), "purchases": str(lake / PURCHASES), "category": category, "n": n},
        ).fetchall()
    return [item for (item,) in rows]


def guide(url: str, household: str, newcomer: str, baby_food: Sequence[str], now: datetime) -> str:
    """The text. `household` and `newcomer` are visitor tokens."""
    home = {"page": {"type": "home"}, "consent": CONSENT, "placements": ["home.recs"]}
    now_ms = int(now.timestamp() * 1000)
    views = [
        {"id": f"view-{now_ms}-{n}", "kind": "view", "at_ms": now_ms, "item": item} for n, item in enumerate(baby_food)
    ]
    return "\n\n".join(
        [
            f"Vitrine answers at {url}. Things to try; | python3 -m json.tool makes an answer readable.",
            "Somebody unknown on the home page:",
            curl(url, "/v1/decide", {"page": {"type": "home"}, "placements": ["home.recs"]}),
            f"Household {HOUSEHOLD[1:]} of the data, after a year of purchases:",
            curl(url, "/v1/decide", {**home, "visitor": household}),
            f"A newcomer looks at {len(views)} kinds of baby food...",
            curl(url, "/v1/events", {"visitor": newcomer, "consent": CONSENT, "events": views}),
            "...and the home page follows:",
            curl(url, "/v1/decide", {**home, "visitor": newcomer}),
            "A scheduled function, now instead of at night:",
            f"curl -s -X POST {url}/_local/invoke/RefreshRecommendationsFunction",
            "Ctrl-C stops everything and keeps the state.",
        ]
    )


def curl(url: str, path: str, body: dict[str, Any]) -> str:
    """A command that posts a body."""
    return f"curl -s {url}{path} -H 'content-type: application/json' -d '{json.dumps(body, separators=(',', ':'))}'"
