"""What callers are answered, as models: for the OpenAPI document alone, since answers are encoded without them.

Nothing is left open that the code closes: a test holds real answers of the handlers against them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from vitrine.decisions.actions import Mechanic
from vitrine.types import PlacementKind

Milliseconds = Annotated[float, Field(ge=0)]
MinorUnits = Annotated[int, Field(ge=0, description="An amount in the currency's minor units, such as cents.")]


class Answer(BaseModel):
    """A part of an answer: every field is always there."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class CardAnswer(Answer):
    """What a shop shows of an item, as it is now."""

    title: str
    url: str
    image: str
    """Address of its picture; `/media/...` stands below this API."""
    price: MinorUnits
    regular_price: MinorUnits
    """The price without a discount; the same where there is none."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    """ISO 4217."""
    category: str
    """The path of its category, levels separated by `/`."""


class BundleAnswer(Answer):
    """A set of the item with another one."""

    with_: Annotated[str, Field(alias="with")]
    """Id of the other item."""
    offer: str
    """Id of the offer."""
    price: MinorUnits
    """What the set costs."""
    apart: MinorUnits
    """What both cost apart."""
    currency: str
    """ISO 4217."""


class ItemReason(Answer):
    """Where an item came from."""

    list: str
    """The list that it was on, such as `bought_together`."""
    item: str | None
    """The item that led to it, null for lists that belong to no item."""


class ItemAnswer(Answer):
    """One item in its place."""

    id: str
    slot: Annotated[int, Field(ge=0)]
    """Its place, 0 is the first; impressions and clicks name it."""
    card: CardAnswer | None
    """Null in a sorted listing, whose cards the shop has already."""
    bundle: BundleAnswer | None
    """There where the item is offered in a set."""
    sponsored: Any
    """The label that has to stand beside an item whose place was paid for, else null."""
    reasons: list[ItemReason]


class RowAnswer(Answer):
    """One row of a layout of rows."""

    title: str
    items: list[ItemAnswer]


class CountdownAnswer(Answer):
    """When a countdown ends. It comes from the server and never moves to later for the same visitor."""

    ends_at_ms: Annotated[int, Field(ge=0)]
    """Milliseconds since the Unix epoch."""
    proof: str | None
    """Signed for the campaign, the visitor and the end; null for who is not recognised, in dry runs and replays."""


class WheelAnswer(Answer):
    """Where a wheel of fortune stops for the visitor, however often it is asked."""

    outcome: str
    """Id of one of the `sectors` of the content."""


class PlacementAnswer(Answer):
    """What one placement shows."""

    kind: PlacementKind
    """`none` shows nothing; `sort` reorders the listing that was sent."""
    campaign: str | None
    """The campaign that won the placement, null for the placement's own action."""
    variation: str | None
    """The campaign's arm that the visitor is in."""
    control: bool
    """The campaign won, but is held back from this visitor for comparison: the placement shows its own action."""
    mechanic: Mechanic | None
    """How an overlay comes up."""
    live: CountdownAnswer | WheelAnswer | None
    """What only the server can say of an overlay with the mechanic `countdown` or `wheel`, else null."""
    items: list[ItemAnswer]
    rows: list[RowAnswer]
    """Items in rows, for layouts of two axes; else empty."""
    content: Any
    """The finished content as the store's files declare it, in the visitor's locale."""
    fallback: str | None
    """What stood in for the wanted content, such as `bestsellers`; null when nothing had to."""
    reasons: list[str]
    """Why the placement is empty or holds a fallback."""


class DecisionAnswer(Answer):
    """A decision: the same bytes when it is made again from its record."""

    decision: str
    """Its id; events about what was shown name it."""
    release: str
    """Id of the release of lists, rules and ranker that it was made with."""
    model: str | None
    """Id of the ranker, null when no model scored."""
    region: str
    """The region whose stock and shelves were used."""
    placements: dict[str, PlacementAnswer]
    """One entry per placement that was asked for, or that the page has."""
    skipped: list[str]
    """Stages that gave up, because a dependency or the time was missing."""


class DecideAnswer(DecisionAnswer):
    """The answer of POST /v1/decide."""

    visitor: str | None
    """The token to send with the next call; null for who did not agree to be recognised."""
    timings_ms: dict[str, Milliseconds]
    """How long the stages took."""


class RejectedEvent(Answer):
    """An event that was not taken."""

    index: Annotated[int, Field(ge=0)]
    """Its place in the batch."""
    code: Literal["invalid_field", "from_the_future", "too_old", "no_consent"]
    message: str
    field: str
    """Dotted path of the field at fault."""


class EventsAnswer(Answer):
    """The answer of POST /v1/events."""

    accepted: Annotated[int, Field(ge=0)]
    """Events that were new."""
    duplicates: Annotated[int, Field(ge=0)]
    """Events that had come before; sending a batch again does no harm."""
    rejected: list[RejectedEvent]
    """Events that were not taken; the others were."""
    visitor: str | None
    """The token to send with the next call; null when nothing of the visitor may be or was kept."""


class Fault(Answer):
    """What is wrong with a request, or with us."""

    code: Literal[
        "invalid_request",
        "malformed_json",
        "body_too_large",
        "invalid_field",
        "invalid_token",
        "unknown_decision",
        "invalid_record",
        "not_found",
        "busy",
        "unavailable",
        "internal_error",
    ]
    message: str
    """For people; the wording may change."""
    field: str
    """Dotted path of the field at fault, empty for the whole request."""


class ErrorAnswer(Answer):
    """Every error of ours."""

    error: Fault


class GatewayAnswer(Answer):
    """What API Gateway answers before anything of ours has run."""

    message: str
