"""Stamps of the cards: who writes some says so before and after, and who reads many learns what they are worth.

The stamp stands in the release pointer (catalog.card_stamp) and changes by one conditional write, as all of it does.
Before the first release nobody reads cards on the strength of a stamp, and there is none.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from secrets import token_hex
from typing import Final, TypeAlias

import numpy as np

from vitrine import keys
from vitrine.catalog.card_stamp import CardStamp, parse_stamp
from vitrine.catalog.items import Card, card_in
from vitrine.catalog.packed_cards import pack_cards
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.ports import Clock, Objects, Table
from vitrine.refresh.lists import ReleaseLists
from vitrine.refresh.published import ATTEMPTS, READ_TIMEOUT_S, read_pointer
from vitrine.refresh.release_rows import ROWS_PER_READ, batches
from vitrine.types import ItemId
from vitrine.values import dataclass

WRITTEN: Final = "cards/written.json"
"""The note of what was written last, in the releases bucket: see refresh.cards."""

TOKEN_BYTES: Final = 6
DIGEST_BYTES: Final = 8
MAX_PACKED: Final = 60_000
"""Cards that go with a release at most: 1.3 MB of the demo's, some three of a shop with longer titles."""

Change: TypeAlias = Callable[[CardStamp, int], CardStamp]
"""A stamp at an instant, in epoch milliseconds, and what becomes of it."""


@dataclass(frozen=True, slots=True)
class StampedCards:
    """Cards of a release's part, packed, and the stamp that they were read under; each empty where there is none."""

    part: bytes = b""
    stamp: bytes = b""


@contextmanager
def writing(items: Collection[ItemId], note: bytes, table: Table, clock: Clock) -> Iterator[None]:
    """While the cards of these items are written, and then the note. Who fails at it begins the stamp anew. Who cannot
    even do that leaves it as that of somebody who is at it: nothing is vouched for then, until they are forgotten.

    Raises:
        InvalidRelease: the pointer is damaged, or others changed it again and again.
    """
    token = token_hex(TOKEN_BYTES)
    is_done = False
    _change(table, lambda stamp, now_ms: stamp.begun(token, now_ms), clock)
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            with suppress(InvalidRelease, DependencyFailed):  # what befell the writer is told
                _change(table, lambda stamp, now_ms: stamp.withdrawn(token, now_ms), clock)
    written = digest_of_note(note)
    _change(table, lambda stamp, now_ms: replace(stamp.ended(token, items, now_ms), written=written), clock)


def confirm(note: bytes, table: Table, clock: Clock) -> CardStamp | None:
    """The stamp, begun anew if by this note somebody wrote past it, or a writer was killed; None before the first
    release. Raises as `writing` does.
    """
    return _change(table, lambda stamp, now_ms: stamp.confirmed(digest_of_note(note), now_ms), clock)


def _change(table: Table, change: Change, clock: Clock) -> CardStamp | None:
    """The stamp in the pointer, changed; None where there is no pointer."""
    for _ in range(ATTEMPTS):
        before = read_pointer(table)
        if before is None:
            return None
        found, now_ms = parse_stamp(before.cards), _ms(clock())
        stamp = change(found or CardStamp(now_ms, now_ms), now_ms)
        if stamp == found:
            return stamp
        pointer = before.with_cards(stamp.to_bytes())
        if table.replace(keys.RELEASE_POINTER, pointer.to_row(), before.rev) or read_pointer(table) == pointer:
            return stamp
    raise InvalidRelease("the release pointer was changed by others again and again; run it again")


def pack_cards_of(items: Iterable[ItemId], table: Table, objects: Objects, clock: Clock) -> StampedCards:
    """The cards of these items as they are in the table, with the stamp they are worth as much as.

    What is read after a quiet stamp and is not the latest is named by a later one. While somebody writes, there are
    none: whoever serves reads cards one by one. Where there is no stamp yet, a writer could not have said that it is at
    it, so whoever publishes has to `confirm` the first one afterwards.
    """
    note, pointer = objects.get(WRITTEN) or b"", read_pointer(table)
    if pointer is None or parse_stamp(pointer.cards) is None:
        now_ms = _ms(clock())
        stamp = CardStamp(now_ms, now_ms, written=digest_of_note(note))
    else:
        confirmed = confirm(note, table, clock)
        if confirmed is None or not confirmed.is_quiet:
            return StampedCards()
        stamp = confirmed
    cards, packed_ms = _read_cards(items, table), _ms(clock())
    return StampedCards(pack_cards(cards.items(), stamp.began_ms, stamp.n_changes, packed_ms), stamp.to_bytes())


def digest_of_note(note: bytes) -> bytes:
    """By which a stamp knows the note of what was written last."""
    return blake2b(note, digest_size=DIGEST_BYTES).digest()


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


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
