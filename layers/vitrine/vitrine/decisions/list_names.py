"""Names of the lists that a candidate can come from, and in which row of the matrix of scores each one is."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS
from vitrine.values import dataclass

Role = Literal["page", "cart", "recent"]
ROLES: Final[tuple[Role, ...]] = ("page", "cart", "recent")

PERSONAL_LISTS: Final = PERSONAL_COLUMNS[:2]
"""The scores of a visitor's own items: `personal` by habit, `replenish` by how nearly they should be used up."""

HISTORY: Final = PERSONAL_COLUMNS[2:]
"""What else is known of them."""

CATEGORY_LISTS: Final = tuple(f"category_{name}" for name in SHELF_COLUMNS)
"""The shelf of the page's category."""

PERSONA_LISTS: Final = tuple(f"persona_{name}" for name in SHELF_COLUMNS)
"""The shelf of the visitor's persona in their region, which is read where a strategy asks for it."""

VIEWED: Final = "viewed"
"""The recent seeds themselves, scored by their weight."""

NEXT: Final = "next"
"""What this visit is likely to look at next, which is worked out where a strategy asks for it."""

ROLE_LISTS: Final[Mapping[Role, tuple[str, ...]]] = {
    role: tuple(f"{relation}_{role}" for relation in RELATION_COLUMNS) for role in ROLES
}
"""The related lists of the seeds of a role."""

LISTS: Final = (
    *PERSONAL_LISTS,
    *SHELF_COLUMNS,
    *CATEGORY_LISTS,
    *PERSONA_LISTS,
    *(name for names in ROLE_LISTS.values() for name in names),
    VIEWED,
    NEXT,
)
"""Names of the lists a candidate can come from.

Beside them a page can have shelves of named categories: `<one of SHELF_COLUMNS>@<category path>`."""

RELATIVE: Final = ("upsell", "downsell", "bundle")
"""Relations that answer a question about one item (what is dearer, what is a set with it) and say nothing of whether
the visitor wants it: they do not count in fusion."""

FUSED: Final = tuple(
    name for name in LISTS if name not in (*PERSONA_LISTS, NEXT) and name.rpartition("_")[0] not in RELATIVE
)
"""The lists that every page has, as far as it has them, and that speak for an item."""

SUMMED: Final = ("bought_together", "similar")
"""Relations that the ranker sees as one, whatever the role of the seed."""


def named_lists(path: str) -> tuple[str, ...]:
    """Names of the lists of a category's shelf, in the order of SHELF_COLUMNS."""
    return tuple(f"{name}@{path}" for name in SHELF_COLUMNS)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which row of the matrix of scores is which list; pages that have the same lists share one.

    `lists` and `history` are rows by name. `fused` int [f] are the rows of FUSED, `summed` int [2, r] those of SUMMED
    for each role that there is.
    """

    lists: Mapping[str, int]
    history: Mapping[str, int]
    fused: NDArray[np.intp]
    summed: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.lists) + len(self.history)

    def base(self, names: Sequence[str]) -> int:
        """Row of the first of these lists, which the others follow."""
        return self.lists[names[0]]


@lru_cache(maxsize=256)
def layout_of(groups: tuple[tuple[str, ...], ...]) -> Layout:
    """The layout of lists that come in these groups: the columns of a table, or of the tables of a role."""
    rows = {name: row for row, name in enumerate(name for group in groups for name in group)}
    roles = [role for role in ROLES if ROLE_LISTS[role] in groups]
    summed = [[rows[f"{name}_{role}"] for role in roles] for name in SUMMED]
    return Layout(
        lists={name: row for name, row in rows.items() if name not in HISTORY},
        history={name: row for name, row in rows.items() if name in HISTORY},
        fused=np.array([row for name, row in rows.items() if name in FUSED], np.intp),
        summed=np.array(summed, np.intp),
    )
