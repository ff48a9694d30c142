"""Live cards held in memory for a while."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from random import SystemRandom
from typing import Final

from vitrine.catalog.items import Card
from vitrine.types import Absent, ItemId

TTL: Final = timedelta(seconds=60)
JITTER: Final = 0.2
"""Cards are held for up to this share less. Drawn per read, not per card: environments that began in step fall out of
it, while cards that a page read together go on to expire together, so that they cost one read and not many."""

AHEAD: Final = 0.75
"""A card that is asked for after this share of its time is due: it is read anew along with the next rows that are read
anyway. So what is asked for often costs no request of its own, and is never shown older than TTL."""

MAX_HELD: Final = 20_000
"""Cards of about 0.8 KB: 16 MB. Those held longest go first; what is asked for often is read anew each minute."""


class CardCache:
    """Cards by item. Knows absent cards too, never unread ones. One request at a time."""

    def __init__(self, ttl: timedelta = TTL, size: int = MAX_HELD) -> None:
        self._ttl_s = ttl.total_seconds()
        self._size = size
        self._held: dict[ItemId, tuple[float, float, Card | Absent]] = {}  # from and until when, in epoch seconds
        self._due: dict[ItemId, None] = {}
        self._random = SystemRandom()  # the system's: restored snapshots must not expire in step

    def find(self, items: Iterable[ItemId], now: datetime) -> dict[ItemId, Card | Absent]:
        """The cards of those items that are held and fresh. A clock that was set back ends them, too."""
        now_s, held = now.timestamp(), self._held
        found: dict[ItemId, Card | Absent] = {}
        for item in items:
            if item in held:
                since_s, until_s, card = held[item]
                if since_s <= now_s < until_s:
                    found[item] = card
                    if now_s - since_s > AHEAD * (until_s - since_s):
                        self._due[item] = None
        return found

    def take_due(self, n: int) -> list[ItemId]:
        """At most n items whose cards should be read along; they are due no more until they are asked for again."""
        due = list(islice(self._due, n))
        for item in due:
            del self._due[item]
        return due

    def keep(self, cards: Mapping[ItemId, Card | Absent], now: datetime) -> None:
        """Hold cards that were just read together."""
        since_s = now.timestamp()
        until_s = since_s + self._ttl_s * (1.0 - self._random.uniform(0.0, JITTER))
        for item, card in cards.items():
            if card is not Absent.NOT_READ:
                self._held.pop(item, None)  # so that it goes to the end
                self._held[item] = (since_s, until_s, card)
        while len(self._held) > self._size:
            del self._held[next(iter(self._held))]

    def __len__(self) -> int:
        return len(self._held)
