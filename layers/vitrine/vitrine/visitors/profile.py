"""The profile: a pure reducer of a visitor's events, and what follows from them.

Everything a caller asks (recent views, cart, what was bought) is computed from the remembered records when
it is asked, so there is no derived state that an event out of order could spoil.

Stored, a profile is MessagePack with a format version. Event ids are kept as 8-byte digests, item ids once each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

import msgpack

from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, CartLine, Event, ItemId, Purpose, RegionId
from vitrine.values import dataclass, field
from vitrine.visitors.history import LANES, NO_PRICE, History, Lane, Record, Records, is_remembered, remember
from vitrine.visitors.packing import instants, pack_history, unpack_history

FORMAT_VERSION: Final = 1
DAMAGE: Final = (ValueError, TypeError, IndexError, msgpack.UnpackException)

Attributes: TypeAlias = Mapping[str, str | int | float | bool]
"""What the store's own systems say of a visitor, by attribute name."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What the visitor agreed to and when they last said so."""

    at_ms: int = 0
    purposes: frozenset[Purpose] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one visitor. `region` is the home region; both it and `attributes` come from the store's CRM."""

    history: History = field(default_factory=dict)
    consent: Consent = field(default_factory=Consent)
    region: RegionId | None = None
    attributes: Attributes = field(default_factory=dict)

    def apply(self, events: Iterable[Event]) -> "Profile":
        """The profile after these events. Order, repetition and grouping do not matter."""
        return replace(self, history=remember(self.history, events))

    def knows(self, event: Event) -> bool:
        """Whether the event is remembered. False also for one so old that it would be forgotten at once."""
        return is_remembered(self.history, event)

    def with_consent(self, consent: Consent) -> "Profile":
        """The profile with the later of two statements; of two at the same instant, the one that allows less."""
        mine, other = self.consent, consent
        if mine.at_ms == other.at_ms:
            return replace(self, consent=Consent(mine.at_ms, mine.purposes & other.purposes))
        return replace(self, consent=max(mine, other, key=lambda said: said.at_ms))

    def with_attributes(self, region: RegionId | None, attributes: Attributes) -> "Profile":
        """The profile with what the CRM says now; what it said before is dropped."""
        return replace(self, region=region, attributes=dict(attributes))

    def encode(self) -> bytes:
        """The profile as bytes; equal profiles give equal bytes."""
        said = (self.consent.at_ms, sorted(self.consent.purposes))
        packed: bytes = msgpack.packb(
            (FORMAT_VERSION, said, self.region, dict(sorted(self.attributes.items())), pack_history(self.history))
        )
        return packed

    @classmethod
    def decode(cls, data: bytes) -> "Profile":
        """The profile that `encode` wrote.

        Raises:
            DependencyFailed: the bytes are damaged or of another format version.
        """
        try:
            version, said, region, attributes, history = msgpack.unpackb(data)
            if version != FORMAT_VERSION:
                raise DependencyFailed("table", f"a profile has format {version}, this code reads {FORMAT_VERSION}")
            at_ms, purposes = said
            return cls(unpack_history(history), Consent(at_ms, frozenset(purposes)), region, attributes)
        except DAMAGE as error:
            raise DependencyFailed("table", "a profile is damaged") from error

    def recent_items(self, n: int) -> tuple[ItemId, ...]:
        """The last n different items viewed, newest first."""
        return tuple(dict.fromkeys(what for _, what in instants(self.history, "view")))[:n]

    def cart(self) -> tuple[CartLine, ...]:
        """Lines of the cart in the order in which their items were first put in. A purchase of an item ends its line.

        Additions from before the oldest remembered purchase are left out once purchases have been forgotten: whether
        they were bought cannot be known.
        """
        purchases = self._lane("purchase")
        horizon = purchases[-1].at_ms if len(purchases) == LANES["purchase"] else -1
        lines: dict[ItemId, CartLine] = {}
        for record in sorted((*self._lane("cart"), *purchases)):
            if record.at_ms >= horizon:
                _fold(lines, record)
        return tuple(lines.values())

    def bought_since(self, since_ms: int) -> dict[ItemId, int]:
        """Items bought at or after an instant, the last bought first, with the instant of their last purchase."""
        bought: dict[ItemId, int] = {}
        for at_ms, item in instants(self.history, "purchase"):
            if at_ms >= since_ms:
                bought.setdefault(item, at_ms)
        return bought

    def favourites(self) -> tuple[ItemId, ...]:
        """Items that are favourites now, the last favoured first: the newest word on an item counts."""
        said: dict[ItemId, int] = {}
        for record in self._lane("favourite"):
            said.setdefault(record.what, record.quantity)
        return tuple(item for item, quantity in said.items() if quantity > 0)

    def dismissed(self, since_ms: int) -> frozenset[ItemId]:
        """Items that the visitor took off the page at or after an instant; a dismissal may also name none."""
        return frozenset(
            record.what
            for record in self._lane("reaction")
            if record.kind == "dismiss" and record.what and record.at_ms >= since_ms
        )

    @property
    def first_seen_ms(self) -> int | None:
        """Instant of the oldest event that is remembered, None when there is none."""
        return min((records[-1].at_ms for records in self.history.values() if records), default=None)

    def seen_before(self, until_ms: int) -> int | None:
        """Instant of the newest remembered event before an instant, None when there is none."""
        newest = (
            next((record.at_ms for record in records if record.at_ms < until_ms), None)
            for records in self.history.values()
        )
        return max((at_ms for at_ms in newest if at_ms is not None), default=None)

    def days_seen(self, *lanes: Lane) -> int:
        """On how many days (UTC) the visitor did something that is remembered, in these lanes or, without any, in all.

        Records keep no session, so a day is what comes nearest to a visit. Lanes forget: who does much has fewer.
        """
        return len({record.at_ms // DAY_MS for lane in lanes or LANES for record in self._lane(lane)})

    @property
    def visits(self) -> int:
        """Days with any remembered event; see days_seen."""
        return self.days_seen()

    def _lane(self, lane: Lane) -> Records:
        return self.history.get(lane, ())


def _fold(lines: dict[ItemId, CartLine], record: Record) -> None:
    """Apply one record to the lines of a cart."""
    line = lines.get(record.what)
    if record.kind == "add_to_cart":
        price = record.price if record.price != NO_PRICE else (line.price if line else None)
        lines[record.what] = CartLine(record.what, (line.quantity if line else 0) + record.quantity, price)
    elif line is not None:
        left = line.quantity - record.quantity if record.kind == "remove_from_cart" else 0
        if left > 0:
            lines[record.what] = replace(line, quantity=left)
        else:
            del lines[record.what]
