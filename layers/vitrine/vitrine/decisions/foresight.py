"""The list `next`: what a visit is likely to look at next, for rows that ask for it.

Session rows name items and nothing else of them, so price, stock and category come from live cards. Of brand, margin,
age and popularity a card tells nothing: where another list of the page names the item as well, it knows them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.catalog.packed import ITEM_COLUMNS, ItemTable
from vitrine.catalog.session_rows import SessionRow, unpack_session_row
from vitrine.decisions.candidates import NEXT
from vitrine.decisions.next_item import next_items
from vitrine.decisions.reads import ReadCards, ReadRows, session_keys
from vitrine.decisions.release import Release
from vitrine.decisions.selection import columns_of_card
from vitrine.decisions.session import items_to_read
from vitrine.decisions.session_features import SummedTransitions
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidModel, InvalidRelease
from vitrine.types import Absent, ItemId, Key, Row, Rows

AHEAD: Final = 24
"""Items that are foreseen: a row shows a dozen, and some are sold out, alike or at hand. Each costs the reading of its
card, unless that is in memory."""


def foresee(
    visit: Visit, release: Release, rows: Rows, read: ReadRows, read_cards: ReadCards
) -> tuple[ItemTable | None, bool]:
    """The list, and whether all that it needs was there to see; None where the visit foretells nothing.

    `rows` are those that were read already. Items of the visit itself are left out: they have a list of their own.
    """
    wanted = session_keys(visit, release)
    missing = [key for key in wanted if key not in rows]
    found = {**rows, **(read(missing) if missing else {})}
    known = _session_rows(dict(zip(items_to_read(visit.views), wanted, strict=True)), found)
    all_seen = all(found[key] is not Absent.NOT_READ for key in wanted)
    if not known:
        return None, all_seen
    ids, scores = _ranked(visit.views, known, release)
    cards = read_cards(ids)
    kept = [at for at, item in enumerate(ids) if isinstance(cards[item], Card)]
    all_seen = all_seen and Absent.NOT_READ not in cards.values()
    return _table([ids[at] for at in kept], scores[kept], cards) if kept else None, all_seen


def _session_rows(wanted: Mapping[ItemId, Key], rows: Rows) -> dict[ItemId, SessionRow]:
    """The rows that are there and whole."""
    found = {}
    for item, key in wanted.items():
        row = rows[key]
        if not isinstance(row, Absent) and (table := _unpacked(row)) is not None:
            found[item] = table
    return found


def _unpacked(row: Row) -> SessionRow | None:
    data = row.get("table")
    try:
        return unpack_session_row(data) if isinstance(data, bytes) else None
    except InvalidRelease:
        return None


def _ranked(
    views: Sequence[ItemId], rows: Mapping[ItemId, SessionRow], release: Release
) -> tuple[list[ItemId], NDArray[np.float32]]:
    """The AHEAD likeliest items that were not looked at, and their scores; by plain counts where the model fails."""
    seen = set(views)
    try:
        ids, scores = next_items(views, rows, release.next_ranker, AHEAD + len(seen))
    except InvalidModel:
        ids, scores = next_items(views, rows, SummedTransitions(), AHEAD + len(seen))
    fresh = [at for at, item in enumerate(ids) if item not in seen][:AHEAD]
    return [ids[at] for at in fresh], scores[fresh]


def _table(ids: Sequence[ItemId], scores: NDArray[np.float32], cards: Mapping[ItemId, Card | Absent]) -> ItemTable:
    told = [
        columns_of_card(item, card) for item, card in ((item, cards[item]) for item in ids) if isinstance(card, Card)
    ]
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([columns[name] for columns in told]).astype(dtype)
        if name in told[0]
        else np.zeros(len(ids), dtype)
        for name, dtype in ITEM_COLUMNS.items()
    }
    return ItemTable(ids, columns | {NEXT: scores})
