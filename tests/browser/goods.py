"""What the tests know of the data, from the lake that the demo imported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.refresh.lake_files import ITEMS, PURCHASES

BEST_SOLD: Final = """
    select item from purchases join items using (item)
    where category like $category and len(regions) = 4 group by item order by count(*) desc, item limit $n
"""
HAS: Final = "list_contains(regions, $region)"
LACKS: Final = f"{HAS} and not list_contains(regions, $other)"
ONLY_IN: Final = f"select item from items where {LACKS}"
UNEVEN: Final = f"""
    select category from items where {HAS} group by category having count(*) between 4 and 20
    order by count(*) filter ({LACKS}) / count(*) desc, category limit 1
"""
BOUGHT: Final = "select distinct item from purchases where visitor = $visitor"


class Goods:
    """Questions about the goods of a demo's state folder."""

    def __init__(self, state: Path) -> None:
        self._lake = state / "lake"

    def best_sold(self, category: str, n: int = 1) -> Sequence[str]:
        """Ids of the best sold goods below a category path, of those that every region has."""
        return self._column(BEST_SOLD, {"category": f"{category}/%", "n": n})

    def only_in(self, region: str, other: str) -> set[str]:
        """Ids of goods that one region has and the other lacks."""
        return set(self._column(ONLY_IN, {"region": region, "other": other}))

    def uneven(self, region: str, other: str) -> str:
        """A category of few goods in one region, of which the other lacks most."""
        (category,) = self._column(UNEVEN, {"region": region, "other": other})
        return category

    def bought_by(self, visitor: str) -> set[str]:
        """Ids of what a household has bought."""
        return set(self._column(BOUGHT, {"visitor": visitor}))

    def _column(self, question: str, values: dict[str, Any]) -> list[str]:
        with duckdb.connect() as engine:
            for name, file in {"items": ITEMS, "purchases": PURCHASES}.items():
                engine.execute(f"create view {name} as from '{self._lake / file}'")
            return [row[0] for row in engine.execute(question, values).fetchall()]
