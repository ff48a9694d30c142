"""The request and the answer of POST /v1/events.

Each event is checked on its own, so that a bad one does not take the good ones with it.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

import orjson

from vitrine.api.fields import MAX_QUANTITY, Consent, Id, Price, Text, Token
from vitrine.api.strict_json import parse_object
from vitrine.api.wire import Bounds, Letters, Wire
from vitrine.errors import InvalidField
from vitrine.service.collect import Batch, Outcome, Rejection
from vitrine.types import Event, EventKind, VisitorId

MAX_EVENTS: Final = 100
MAX_SAFE_INTEGER: Final = 2**53 - 1  # JavaScript's

NEEDS: Final[Mapping[EventKind, str]] = {
    "view": "item",
    "add_to_cart": "item",
    "remove_from_cart": "item",
    "favourite": "item",
    "purchase": "item",
    "search": "query",
    "impression": "placement",
    "click": "placement",
    "slot_click": "placement",
    "dismiss": "placement",
    "survey": "answers",
}
"""The field without which an event of a kind says nothing. `exit_intent` needs none."""

PlacementName = Annotated[Id, Letters(most_bytes=64)]
Query = Annotated[Text, Letters(most_bytes=200)]
Question = Annotated[Text, Letters(least=1, most_bytes=64)]
Answer = Annotated[Text, Letters(most_bytes=128)]


class EventBody(Wire):
    """One event. `price` is per unit in minor units. A `favourite` of quantity 0 takes the favourite back."""

    id: Id
    kind: EventKind
    at_ms: Annotated[int, Bounds(0, MAX_SAFE_INTEGER)]
    item: Id | None = None
    quantity: Annotated[int, Bounds(0, MAX_QUANTITY)] = 1
    price: Price | None = None
    query: Query | None = None
    decision: Id | None = None
    placement: PlacementName | None = None
    slot: Annotated[int, Bounds(0, 1_000)] | None = None
    answers: Annotated[dict[Question, Answer], Bounds(0, 10)] = {}  # noqa: RUF012 - nobody adds to it

    def to_domain(self, session: str | None, at: str) -> Event:
        """The event as the profile knows it.

        Raises:
            InvalidField: it lacks what its kind needs.
        """
        needed = NEEDS.get(self.kind)
        if needed is not None and not getattr(self, needed):
            raise InvalidField(f"is required for an event of kind {self.kind}", f"{at}.{needed}")
        if self.quantity == 0 and self.kind != "favourite":
            raise InvalidField("should be at least 1", f"{at}.quantity")
        return Event(session=session, **vars(self))


class EventsBody(Wire):
    """The body of POST /v1/events."""

    visitor: Token | None = None
    session: Id | None = None
    consent: Consent = ()
    events: Annotated[tuple[Any, ...], Bounds(1, MAX_EVENTS)]

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """The request in these bytes; its events are not looked at yet.

        Raises:
            InvalidRequest: one of its kinds, naming what is wrong and where.
        """
        return cls.checked(parse_object(body))

    def to_domain(self, visitor: VisitorId | None) -> Batch:
        """The batch: good events, and bad ones with what is wrong. `visitor` is the id inside the verified token."""
        events: list[tuple[int, Event]] = []
        rejected: list[Rejection] = []
        for index, value in enumerate(self.events):
            at = f"events.{index}"
            try:
                events.append((index, EventBody.checked(value, at).to_domain(self.session, at)))
            except InvalidField as error:
                rejected.append(Rejection(index, error.code, error.message, error.field))
        return Batch(visitor, frozenset(self.consent), events, rejected)


def answer_body(outcome: Outcome) -> bytes:
    """JSON of what became of a batch."""
    return orjson.dumps(
        {
            "accepted": outcome.accepted,
            "duplicates": outcome.duplicates,
            "rejected": outcome.rejected,
            "visitor": outcome.token,
        }
    )
