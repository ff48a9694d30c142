"""A person: one or more visitors, the addresses that reach them, and what they allowed.

A visitor is a device or a browser; a login, told by the shop's backend, says whose it is. Somebody who never logged in
but can be reached, by web push for instance, is a person of one visitor.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

import msgpack

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.types import Absent, Row, VisitorId
from vitrine.values import dataclass, field
from vitrine.visitors.history import union
from vitrine.visitors.profile import Profile

PersonId: TypeAlias = str

FORMAT_VERSION: Final = 1
MAX_VISITORS: Final = 20
"""Devices and browsers of one person; the one linked longest ago gives way."""

OF_VISITOR: Final = "v:"
"""Begins the ids of persons of one visitor; the shop's own ids have no colon."""

DAMAGE: Final = (ValueError, TypeError, LookupError, msgpack.UnpackException)
PERSON_ID: Final = re.compile(r"(v:)?[A-Za-z0-9_-]{1,64}", re.ASCII)


def person_of_visitor(visitor: VisitorId) -> PersonId:
    """The person that an unlinked visitor is."""
    return OF_VISITOR + visitor


@dataclass(frozen=True, slots=True)
class Person:
    """How a person is reached. `addresses` by channel: a mail address, a phone number in E.164, an SNS endpoint ARN, a
    web push subscription as JSON, what the webhook knows them by; `app` needs none.

    `allowed` are the channels that the person agreed to, `suppressed` why a channel must not be used any more
    (bounce, complaint, unsubscribed), which only a new address or a new agreement lifts. `zone` None: unknown.
    """

    id: PersonId
    visitors: tuple[VisitorId, ...] = ()
    addresses: Mapping[Channel, str] = field(default_factory=dict)
    allowed: frozenset[Channel] = frozenset()
    suppressed: Mapping[Channel, str] = field(default_factory=dict)
    zone: str | None = None
    locale: str | None = None
    name: str | None = None

    def reaches(self, channel: Channel) -> bool:
        """Whether the channel may be used and leads somewhere."""
        has_address = channel == "app" or channel in self.addresses
        return has_address and channel in self.allowed and channel not in self.suppressed

    def linked(self, visitors: Iterable[VisitorId]) -> "Person":
        """The person with these visitors as the newest."""
        return replace(self, visitors=tuple(dict.fromkeys((*visitors, *self.visitors)))[:MAX_VISITORS])

    def asking(self, channels: frozenset[Channel]) -> "Person":
        """The person while they ask through these channels, by which they agree to be answered. Whoever was never
        linked to anybody is the visitor that they are named after."""
        own = (self.id.removeprefix(OF_VISITOR),) if self.id.startswith(OF_VISITOR) else ()
        return replace(self, allowed=self.allowed | channels, visitors=self.visitors or own)

    def without(self, channel: Channel, reason: str) -> "Person":
        """The person who must not be reached by the channel any more."""
        return replace(self, suppressed={**self.suppressed, channel: reason})

    def encode(self) -> bytes:
        """The person as bytes; equal persons give equal bytes."""
        packed: bytes = msgpack.packb(
            (
                FORMAT_VERSION,
                self.id,
                self.visitors,
                sorted(self.addresses.items()),
                sorted(self.allowed),
                sorted(self.suppressed.items()),
                self.zone,
                self.locale,
                self.name,
            )
        )
        return packed

    @classmethod
    def decode(cls, data: bytes) -> "Person":
        """The person that `encode` wrote.

        Raises:
            DependencyFailed: the bytes are damaged or of another format version.
        """
        try:
            version, id_, visitors, addresses, allowed, suppressed, zone, locale, name = msgpack.unpackb(data)
            if version != FORMAT_VERSION:
                raise DependencyFailed("table", f"a person has format {version}, this code reads {FORMAT_VERSION}")
            known = frozenset(CHANNELS)
            if not known >= {*dict(addresses), *allowed, *dict(suppressed)}:
                raise ValueError("an unknown channel")
            texts = [id_, *visitors, *dict(addresses).values(), *dict(suppressed).values()]
            texts += [text for text in (zone, locale, name) if text is not None]
            if isinstance(visitors, str) or not all(isinstance(text, str) for text in texts):
                raise ValueError("something else where a text should be")
            return cls(id_, tuple(visitors), dict(addresses), frozenset(allowed), dict(suppressed), zone, locale, name)
        except DAMAGE as error:
            raise DamagedRow("table", "a person is damaged") from error


def parse_person(row: Row | Absent, id_: PersonId) -> tuple[Person, int | None]:
    """The person in a row and its revision; an empty person without one.

    Raises:
        DependencyFailed: the row was not read, or is damaged.
    """
    if row is Absent.MISSING:
        return Person(id_), None
    match row:
        case {"person": bytes(data), "rev": int(rev)}:
            return Person.decode(data), rev
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "a person was not read")
    raise DamagedRow("table", "a person's row is damaged")


def row_of(person: Person, rev: int | None) -> Row:
    """The row that takes the place of the one of that revision."""
    return {"person": person.encode(), "rev": 1 if rev is None else rev + 1}


def merged_profile(profiles: Iterable[Profile]) -> Profile:
    """What all devices of a person did, as one profile.

    Consent is the newest that was said anywhere; of two at one instant the one that allows less, as everywhere.
    """
    whole = Profile()
    for profile in profiles:
        region = profile.region if whole.region is None else whole.region
        attributes = {**profile.attributes, **whole.attributes}
        joined = replace(whole, history=union(whole.history, profile.history), region=region, attributes=attributes)
        whole = joined.with_consent(profile.consent) if profile.consent.at_ms else joined
    return whole
