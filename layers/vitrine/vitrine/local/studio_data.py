"""What the imported data holds that is worth choosing in the studio: households with a bent, shelves, goods that sell.

Read from the lake folder with DuckDB, once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.refresh.engine import ITEMS, PURCHASES

THEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "bakes": (
        "grocery/baking-mixes/",
        "grocery/baking-needs/",
        "grocery/sugars-sweetners/",
        "grocery/shortening-oil/",
        "grocery/spices-and-extracts/",
    ),
    "has a baby": ("drugstore-and-home/baby-foods/", "drugstore-and-home/diapers-and-disposables/"),
    "has a dog": ("grocery/dog-foods/",),
    "has a cat": ("grocery/cat-food/",),
    "lives on fruit and vegetables": ("produce/",),
    "likes it sweet": ("grocery/ice-cream/", "grocery/cookies-cones/", "grocery/baked-sweet-goods/"),
    "drinks coffee": ("grocery/coffee/",),
}
"""How category paths begin, by what is said of the household that buys the largest share from them."""

MIN_LINES: Final = 300
"""Lines of a year's receipts, below which a share means little."""

N_CATEGORIES: Final = 12
N_ITEMS: Final = 12

GOODS: Final = """
    CREATE TEMP TABLE goods AS
    SELECT item, title, split_part(category, '/', 2) AS kind,
           split_part(category, '/', 1) || '/' || split_part(category, '/', 2) AS shelf,
           theme, n
    FROM read_parquet($items) AS items
    LEFT JOIN (SELECT unnest($themes) AS theme, unnest($beginnings) AS beginning) ON starts_with(category, beginning)
    JOIN (SELECT item AS sold, count(*) AS n FROM read_parquet($purchases) GROUP BY item) ON sold = items.item
"""
HOUSEHOLDS: Final = """
    WITH bought AS (
        SELECT visitor, theme, count(*) AS n, mode(bought.region) AS region
        FROM read_parquet($purchases) AS bought JOIN goods ON goods.item = bought.item GROUP BY visitor, theme
    ), shares AS (
        SELECT visitor, theme, region, sum(n) OVER (PARTITION BY visitor) AS n_lines, n / n_lines AS share FROM bought
    )
    SELECT theme, arg_max(visitor, share), arg_max(region, share), arg_max(n_lines, share), max(share)
    FROM shares WHERE theme IS NOT NULL AND n_lines >= $min_lines GROUP BY theme ORDER BY theme
"""
SHELVES: Final = "SELECT shelf FROM goods GROUP BY shelf ORDER BY sum(n) DESC, shelf LIMIT $n"
BESTSELLERS: Final = """
    SELECT arg_max(item, n), arg_max(title, n) FROM goods GROUP BY kind ORDER BY max(n) DESC, kind LIMIT $n
"""


def read_data(lake: Path) -> dict[str, Any]:
    """Households as {id, about, region}, categories as paths, items as {id, title}; all empty without the data."""
    files = {"purchases": str(lake / PURCHASES), "items": str(lake / ITEMS)}
    if not all(Path(file).is_file() for file in files.values()):
        return {"households": [], "categories": [], "items": []}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        pairs = [(about, beginning) for about, beginnings in THEMES.items() for beginning in beginnings]
        themes, beginnings = zip(*pairs, strict=True)
        connection.execute(GOODS, {**files, "themes": list(themes), "beginnings": list(beginnings)})
        found = {"purchases": files["purchases"], "min_lines": MIN_LINES}
        households = connection.execute(HOUSEHOLDS, found).fetchall()
        shelves = connection.execute(SHELVES, {"n": N_CATEGORIES}).fetchall()
        goods = connection.execute(BESTSELLERS, {"n": N_ITEMS}).fetchall()
    return {
        "households": [_household(*row) for row in households],
        "categories": [shelf for (shelf,) in shelves],
        "items": [{"id": item, "title": title} for item, title in goods],
    }


def _household(about: str, visitor: str, region: str, n_lines: int, share: float) -> dict[str, Any]:
    return {"id": visitor, "about": about, "region": region, "n_lines": int(n_lines), "share": round(share, 3)}
