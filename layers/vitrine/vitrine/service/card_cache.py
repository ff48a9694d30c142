"""Live cards held in memory: for a while, or for as long as the stamp of the cards says that they have not changed.

The stamp comes with each page view's own read (catalog.card_stamp), so a price that was changed is shown by the next
page view. For no longer than TTL are held: cards that were read just after a change, when an eventually consistent read
may still have told what was before it; and all of them while somebody writes cards, or where there is no stamp.

Clocks of writers may be wrong, so for "just after" it is this environment's own that counts as well: from when it heard
of the change first.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from random import SystemRandom
from typing import Final, NamedTuple

import numpy as np

from vitrine.catalog.card_stamp import CODE, CardStamp, parse_stamp
from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.catalog.packed_cards import NO_CARDS, PackedCards
from vitrine.types import Absent, ItemId

TTL: Final = timedelta(seconds=60)
VOUCHED_TTL: Final = timedelta(hours=1)
"""A card that was read is read anew after so long all the same, though the stamp vouches for it: somebody may have
written past it. A card of a release is held for so long, too, from when the environment was first asked for it."""

PACKED_TTL: Final = timedelta(hours=26)
"""Cards of a release are taken from it for so long after they were packed; releases are made nightly. So a price that
was written past the stamp is shown for PACKED_TTL and VOUCHED_TTL at most. Most such ones end sooner: the next run of a
feed or refresh finds that others wrote (see refresh.card_stamps.confirm), only what was written by hand it does not."""

SETTLED_MS: Final = 60_000
"""For so long after a change a read may still tell what was before it."""

JITTER: Final = 0.2
"""Cards are held for up to this share less. Drawn per read, not per card: environments that began in step fall out of
it, while cards that a page read together go on to expire together, so that they cost one read and not many."""

AHEAD: Final = 0.75
"""A card that is asked for after this share of its time is due: it is read anew along with the next rows that are read
anyway. So what is asked for often costs no request of its own, and is never shown older than its time."""

MAX_HELD: Final = 20_000
"""Cards of about 0.8 KB: 16 MB. Those held longest go first; what is asked for often is read anew now and then."""


class Word:
    """What a quiet stamp tells: which cards are still what they were."""

    __slots__ = ("_began_ms", "_changed_ms", "_last", "_stamp", "n")

    def __init__(self, stamp: CardStamp, heard_ms: float, run_heard_ms: float) -> None:
        """`heard_ms` is when the environment first heard this stamp, `run_heard_ms` when the first one of its run."""
        self._stamp = stamp
        self._changed_ms = max(stamp.changed_ms, heard_ms)
        self._began_ms = max(stamp.began_ms, run_heard_ms)
        self.n = stamp.n_changes
        self._last = {told: place for place, told in enumerate(np.frombuffer(stamp.changes, CODE).tolist())}

    @property
    def began_ms(self) -> int:
        """The run of changes that it tells of."""
        return self._stamp.began_ms

    def vouches_for(self, item: ItemId, began_ms: int, n: int) -> bool:
        """Whether the item's card has not changed since the run of that instant had come to n changes."""
        return began_ms == self._stamp.began_ms and (n >= self.n or self._last.get(code(item), -1) < n)

    def is_settled(self, item: ItemId, now_ms: float) -> bool:
        """Whether a read of the item's card at that instant told what is true under this stamp."""
        if now_ms - self._changed_ms >= SETTLED_MS:
            return True
        return now_ms - self._began_ms >= SETTLED_MS and code(item) not in self._last


class Held(NamedTuple):
    """A card; since when, in epoch seconds, for which share of its time, and as of which place in which run of changes.

    `is_sure` says that it was read long enough after the last one.
    """

    card: Card | Absent
    since_s: float
    share: float
    began_ms: int
    n: int
    is_sure: bool


class CardCache:
    """Cards by item. Knows absent cards too, never unread ones. One request at a time."""

    def __init__(self, ttl: timedelta = TTL, size: int = MAX_HELD) -> None:
        self._ttl_s = ttl.total_seconds()
        self._size = size
        self._held: dict[ItemId, Held] = {}
        self._due: dict[ItemId, None] = {}
        self._random = SystemRandom()  # the system's: restored snapshots must not expire in step
        self._packed = NO_CARDS
        self._rev, self._heard_ms = 0, 0.0
        self._run, self._run_heard_ms = 0, 0.0
        self._told: object = None
        self._word: Word | None = None

    def adopt(self, packed: PackedCards) -> None:
        """Hold the cards that a release brings."""
        self._packed = packed

    def hear(self, told: object, rev: int, now: datetime) -> Word | None:
        """What the stamp tells that a page view has just read, in a pointer of that revision; None where it vouches for
        nothing.

        Reads are eventually consistent: one that is older than what was heard a moment ago is not believed. After
        SETTLED_MS there are no such readings any more. The table is another one then, restored or made anew, and what
        was read of the one before is forgotten.
        """
        now_ms = now.timestamp() * 1000
        if rev < self._rev:
            if now_ms - self._heard_ms < SETTLED_MS:
                return None
            self._forget()
        self._rev, self._heard_ms = rev, now_ms
        if told != self._told:
            self._told = told
            self._word = self._word_of(parse_stamp(told), now_ms)
        return self._word

    def _word_of(self, stamp: CardStamp | None, now_ms: float) -> Word | None:
        if stamp is not None and stamp.began_ms != self._run:
            self._run, self._run_heard_ms = stamp.began_ms, now_ms
        return Word(stamp, now_ms, self._run_heard_ms) if stamp is not None and stamp.is_quiet else None

    def _forget(self) -> None:
        self._held.clear()
        self._due.clear()
        self._run, self._told = 0, None

    def find(self, items: Iterable[ItemId], now: datetime, word: Word | None = None) -> dict[ItemId, Card | Absent]:
        """The cards of those items that are held and fresh. A clock that was set back ends them, too."""
        now_s = now.timestamp()
        found: dict[ItemId, Card | Absent] = {}
        for item in items:
            card = self._fresh(item, now_s, word)
            if card is None and word is not None and item not in self._held:
                card = self._from_release(item, now_s, word)
            if card is not None:
                found[item] = card
        return found

    def _fresh(self, item: ItemId, now_s: float, word: Word | None) -> Card | Absent | None:
        held = self._held.get(item)
        if held is None:
            return None
        card, since_s, share, began_ms, n, is_sure = held
        if word is not None and not word.vouches_for(item, began_ms, n):
            return None
        span_s = share * (VOUCHED_S if word is not None and is_sure else self._ttl_s)
        if not since_s <= now_s < since_s + span_s:
            return None
        if now_s - since_s > AHEAD * span_s:
            self._due[item] = None
        return card

    def _from_release(self, item: ItemId, now_s: float, word: Word) -> Card | None:
        packed = self._packed
        if not 0 <= now_s - packed.packed_ms / 1000 < PACKED_S:
            return None
        if not word.vouches_for(item, packed.began_ms, packed.n_changes):
            return None
        card = packed.find(item)
        if card is not None:
            self._hold(item, Held(card, now_s, 1.0, packed.began_ms, packed.n_changes, is_sure=True))
        return card

    def take_due(self, n: int) -> list[ItemId]:
        """At most n items whose cards should be read along; they are due no more until they are asked for again."""
        due = list(islice(self._due, n))
        for item in due:
            del self._due[item]
        return due

    def keep(self, cards: Mapping[ItemId, Card | Absent], now: datetime, word: Word | None = None) -> None:
        """Hold cards that were just read together, under the stamp of a read that was not later.

        One that is as it was stays the same object: it is encoded already, and known to be the release's.
        """
        now_s = now.timestamp()
        share = 1.0 - self._random.uniform(0.0, JITTER)
        began_ms, n = NOWHERE if word is None else (word.began_ms, word.n)
        for item, card in cards.items():
            if card is not Absent.NOT_READ:
                before = self._held.get(item)
                told = before.card if before is not None and before.card == card else card
                is_sure = word is not None and word.is_settled(item, now_s * 1000)
                self._hold(item, Held(told, now_s, share, began_ms, n, is_sure))

    def _hold(self, item: ItemId, held: Held) -> None:
        self._held.pop(item, None)  # so that it goes to the end
        self._held[item] = held
        while len(self._held) > self._size:
            del self._held[next(iter(self._held))]

    def __len__(self) -> int:
        return len(self._held)


NOWHERE: Final = (0, 0)
"""The place of cards that were read without a quiet stamp: runs of changes begin in our days."""

VOUCHED_S: Final = VOUCHED_TTL.total_seconds()
PACKED_S: Final = PACKED_TTL.total_seconds()
