"""Stamps of the cards: who writes some says so before and after, and who reads many learns what they are worth.

The stamp stands in the release pointer (catalog.card_stamp) and changes by one conditional write, as all of it does.
Before the first release nobody reads cards on the strength of a stamp, and there is none.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from secrets import token_hex
from typing import Final, TypeAlias

import numpy as np

from vitrine import keys
from vitrine.catalog.card_stamp import CardStamp, parse_stamp
from vitrine.catalog.items import Card, card_in
from vitrine.catalog.packed_cards import pack_cards
from vitrine.decisions.release import Pointer
from vitrine.errors import InvalidRelease
from vitrine.ports import Clock, Table
from vitrine.refresh.lists import ReleaseLists
from vitrine.refresh.published import ATTEMPTS, READ_TIMEOUT_S, read_pointer
from vitrine.refresh.release_rows import ROWS_PER_READ, batches
from vitrine.types import ItemId
from vitrine.values import dataclass

TOKEN_BYTES: Final = 6
MAX_PACKED: Final = 60_000
"""Cards that go with a release at most: 1.3 MB of the demo's, some three of a shop with longer titles."""

Change: TypeAlias = Callable[[CardStamp], CardStamp]


@dataclass(frozen=True, slots=True)
class StampedCards:
    """Cards of a release's part, packed, and the stamp that they were read under; both empty where there is none."""

    part: bytes = b""
    stamp: bytes = b""


@contextmanager
def writing(items: Collection[ItemId], table: Table, clock: Clock) -> Iterator[None]:
    """While the cards of these items are written. Who fails at it leaves the stamp as that of somebody who is at it:
    nothing is vouched for then, until the stamp has forgotten them.

    Raises:
        InvalidRelease: the pointer is damaged, or others changed it again and again.
    """
    token = token_hex(TOKEN_BYTES)
    _change(table, lambda stamp: stamp.begun(token, _ms(clock())), clock)
    yield
    _change(table, lambda stamp: stamp.ended(token, items, _ms(clock())), clock)


def _change(table: Table, change: Change, clock: Clock) -> None:
    """Change the stamp in the pointer, if there is a pointer."""
    for _ in range(ATTEMPTS):
        before = read_pointer(table)
        if before is None:
            return
        pointer = before.with_cards(change(_stamp_of(before, clock)).to_bytes())
        if table.replace(keys.RELEASE_POINTER, pointer.to_row(), before.rev) or read_pointer(table) == pointer:
            return
    raise InvalidRelease("the release pointer was changed by others again and again; run it again")


def pack_cards_of(items: Iterable[ItemId], table: Table, clock: Clock) -> StampedCards:
    """The cards of these items as they are in the table, with the stamp they are worth as much as.

    What is read after a quiet stamp and is not the latest is named by a later one. While somebody writes, there are
    none: whoever serves reads them one by one.
    """
    stamp = _stamp_of(read_pointer(table), clock)
    if not stamp.is_quiet:
        return StampedCards()
    cards = _read_cards(items, table)
    return StampedCards(pack_cards(cards.items(), stamp.began_ms, stamp.n_changes), stamp.to_bytes())


def likely_items(lists: ReleaseLists) -> Sequence[ItemId]:
    """The items that are most likely to be shown, those that sell best, MAX_PACKED at most."""
    items = lists.assortment
    best = np.argsort(-items.columns["popularity"].astype(np.float32), kind="stable")[:MAX_PACKED]
    likely: Sequence[ItemId] = items.ids[best].tolist()
    return likely


def _read_cards(items: Iterable[ItemId], table: Table) -> Mapping[ItemId, Card]:
    """The latest cards of the items, as far as they are there."""
    found: dict[ItemId, Card] = {}
    for batch in batches(items, ROWS_PER_READ):
        rows = table.read([keys.card(item) for item in batch], READ_TIMEOUT_S, latest=True)
        cards = ((item, card_in(rows[keys.card(item)])) for item in batch)
        found.update((item, card) for item, card in cards if isinstance(card, Card))
    return found


def _stamp_of(pointer: Pointer | None, clock: Clock) -> CardStamp:
    """The stamp in the pointer; a first one where it has none."""
    stamp = None if pointer is None else parse_stamp(pointer.cards)
    now_ms = _ms(clock())
    return CardStamp(now_ms, now_ms) if stamp is None else stamp


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
