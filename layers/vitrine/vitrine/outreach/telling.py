"""What the shop says of a person, merged into what is known: pure functions of both."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vitrine.errors import InvalidField
from vitrine.outreach.channels import Channel
from vitrine.outreach.person import OF_VISITOR, Person, PersonId
from vitrine.outreach.state import Sending, State
from vitrine.types import VisitorId
from vitrine.values import dataclass, field

OF_PERSON: Final = ("unsubscribed", "complained")
"""Beginnings of reasons that a person gave: a new address does not lift those, only a new agreement does."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the shop says of a person. `forget` comes first: an address and an agreement that are there no more.

    What is not told (None, or not named) stays as it was.
    """

    visitors: Sequence[VisitorId] = ()
    addresses: Mapping[Channel, str] = field(default_factory=dict)
    allowed: frozenset[Channel] = frozenset()
    forget: frozenset[Channel] = frozenset()
    zone: str | None = None
    locale: str | None = None
    name: str | None = None


def of_one_visitor(id_: PersonId, told: Told) -> Told:
    """What is told of a person; one of a single visitor (`v:<visitor>`) has that one, named or not.

    Raises:
        InvalidField: it is told of others.
    """
    if not id_.startswith(OF_VISITOR):
        return told
    visitor = id_.removeprefix(OF_VISITOR)
    if set(told.visitors) - {visitor}:
        raise InvalidField(f"{id_} is this one visitor; name a person of several by an id of the shop's", "visitors")
    return replace(told, visitors=(visitor,))


def merged(person: Person, told: Told, alone: Iterable[Person] = ()) -> Person:
    """The person with what is told; what nobody told comes from visitors who were persons of their own (`alone`).

    A channel that must not be used may be used again after a new agreement (it was not allowed before, or is forgotten
    by the same telling), and after a new address, unless the person themselves refused it.
    """
    for old in alone:
        person = adopted(person, old)
    kept = {channel: at for channel, at in person.addresses.items() if channel not in told.forget}
    before = person.allowed - told.forget
    lifted = (told.allowed - before) | {channel for channel in told.addresses if _is_mended(channel, person, told)}
    known = replace(
        person,
        addresses={**kept, **told.addresses},
        allowed=before | told.allowed,
        suppressed={channel: why for channel, why in person.suppressed.items() if channel not in lifted},
        zone=told.zone or person.zone,
        locale=told.locale or person.locale,
        name=told.name or person.name,
    )
    return known.linked(told.visitors) if set(told.visitors) - set(person.visitors) else known


def _is_mended(channel: Channel, person: Person, told: Told) -> bool:
    """Whether an address is told in the place of one that failed."""
    is_new = told.addresses[channel] != person.addresses.get(channel)
    return is_new and not person.suppressed.get(channel, "").startswith(OF_PERSON)


def adopted(person: Person, old: Person) -> Person:
    """The person with what was known of a visitor of theirs who was a person alone."""
    fresh = {channel: at for channel, at in old.addresses.items() if channel not in person.addresses}
    suppressed = {channel: why for channel, why in old.suppressed.items() if channel in fresh}
    return replace(
        person,
        addresses={**fresh, **person.addresses},
        allowed=person.allowed | (old.allowed & {"app", *fresh}),
        suppressed={**suppressed, **person.suppressed},
        zone=person.zone or old.zone,
        locale=person.locale or old.locale,
        name=person.name or old.name,
    )


def with_history(state: State, old: State) -> State:
    """A state that remembers what an old one was sent and what was noted there."""
    for sending in old.sendings:
        if state.sending(sending.id) is None:
            state = state.with_sending(_settled(sending))
    return state.noted(old.notes)


def _settled(sending: Sending) -> Sending:
    """A sending that nobody is to close in its new place: what was on its way counts as sent."""
    return replace(sending, status="sent") if sending.status == "intended" else sending
