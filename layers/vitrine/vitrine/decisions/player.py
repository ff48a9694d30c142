"""Plays a tape: answers a decision that is made again with what the first one read."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import NO_CARDS, PackedCards
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.reads import ReadRows
from vitrine.decisions.tape import Digest, Tape, digest_of
from vitrine.decisions.tape_cards import Kept
from vitrine.errors import InvalidRecord
from vitrine.types import Absent, ItemId, Key, Row, Rows

K = TypeVar("K")
V = TypeVar("V")


class Player:
    """`read`, `read_cards` and `claim` answer what they answered then, the n-th call for a thing its n-th.

    `fetch_rows` reads rows of a release as they are now, `packed` are the cards of the release of then.

    `gone` names the inputs that are not to be had any more, or not as they were; each is answered as not read.
    """

    def __init__(self, tape: Tape, fetch_rows: ReadRows, packed: PackedCards = NO_CARDS) -> None:
        self._rows = _queues(tape.rows)
        self._cards = _queues(tape.cards)
        self._outcomes = deque(tape.outcomes)
        self._fetch_rows = fetch_rows
        self._packed = packed
        self.gone: list[str] = []

    def read(self, keys: Sequence[Key]) -> Rows:
        """See ReadRows."""
        kept = {key: self._next(self._rows, key, f"row {key.pk} {key.sk}") for key in keys}
        digests = {key: row for key, row in kept.items() if isinstance(row, bytes)}
        now = self._fetch_rows(list(digests)) if digests else {}
        return {
            key: self._verified(key, now.get(key, Absent.MISSING), row) if isinstance(row, bytes) else row
            for key, row in kept.items()
        }

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """See ReadCards."""
        kept = {item: self._next(self._cards, item, f"card of {item}") for item in items}
        return {item: self._of_release(item) if isinstance(card, Kept) else card for item, card in kept.items()}

    def claim(self, claims: Claims) -> ClaimOutcome:
        """What became of the claim then.

        Raises:
            InvalidRecord: the decision claims more often than it did then, so it is not made by the same code.
        """
        if not self._outcomes:
            raise InvalidRecord("the decision makes a claim that is not on record: other code made it")
        return self._outcomes.popleft()

    def _next(self, queues: Mapping[K, deque[V]], key: K, name: str) -> V | Absent:
        """What was answered, the last of it again and again; not read where nothing was asked then."""
        queue = queues.get(key)
        if queue is None:
            self.gone.append(f"{name} was not read then")
            return Absent.NOT_READ
        return queue.popleft() if len(queue) > 1 else queue[0]

    def _of_release(self, item: ItemId) -> Card | Absent:
        card = self._packed.find(item)
        if card is None:
            self.gone.append(f"the card of {item} is not in the release any more")
            return Absent.NOT_READ
        return card

    def _verified(self, key: Key, row: Row | Absent, digest: Digest) -> Row | Absent:
        if isinstance(row, Absent):
            why = "is gone" if row is Absent.MISSING else "cannot be read now"
        elif digest_of(row) != digest:
            why = "was altered"
        else:
            return row
        self.gone.append(f"list row {key.pk} of release {key.sk.partition('#')[2]} {why}")
        return Absent.NOT_READ


def _queues(entries: Iterable[tuple[K, V]]) -> dict[K, deque[V]]:
    queues: dict[K, deque[V]] = defaultdict(deque)
    for key, value in entries:
        queues[key].append(value)
    return queues
