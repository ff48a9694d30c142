"""What operators are answered, as models: for the OpenAPI document alone.

Records are open: what is kept of a decision grows, and older ones hold less.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from vitrine.api.openapi_answers import Answer, DecisionAnswer, Milliseconds, WheelAnswer
from vitrine.decisions.answers import Outcome
from vitrine.decisions.context import RegionSource
from vitrine.types import PlacementKind


class ExplainedEnd(Answer):
    """When a countdown ends or has ended."""

    ends_at_ms: Annotated[int, Field(ge=0)]
    """Milliseconds since the Unix epoch."""


class ConsideredAnswer(Answer):
    """A campaign that could have had the placement, and what became of it."""

    campaign: str
    outcome: Outcome
    """`shown` won; every other outcome says by what it lost."""
    variation: str | None = None
    bucket: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Where the visitor falls in the campaign's experiment."""
    attributes: dict[str, Any] | None = None
    """What the campaign's condition looked at, where the condition decided."""
    live: ExplainedEnd | WheelAnswer | None = None
    """Of a campaign with a countdown or a wheel, also where it lost because it is over."""


class ExplainedReason(Answer):
    """Where an item came from."""

    list: str
    item: str | None


class ExplainedItem(Answer):
    """An item with everything that moved it."""

    item: str
    slot: Annotated[int, Field(ge=0)]
    title: str | None
    reason: ExplainedReason
    score: float | None
    """What it was ranked by; compares items of one page and has no unit."""
    rules: list[str]
    """Merchandising rules that touched it."""
    sponsor: str | None
    propensity: float | None
    """Probability, in (0, 1], that this item came to this place."""
    model_score: float | None
    lists: dict[str, float]
    """The lists that name it, with its score in each."""
    features: dict[str, float | None]
    """What the model saw of it."""
    stands_out: dict[str, float | None]
    """The features in which it is farthest from the page's other candidates, in standard deviations."""


class ExplainedRow(Answer):
    """One row of a layout of rows."""

    title: str
    items: list[ExplainedItem]


class ExplainedPlacement(Answer):
    """Why a placement shows what it shows."""

    kind: PlacementKind
    campaign: str | None
    variation: str | None
    control: bool
    live: ExplainedEnd | WheelAnswer | None
    fallback: str | None
    reasons: list[str]
    considered: list[ConsideredAnswer]
    items: list[ExplainedItem]
    rows: list[ExplainedRow]
    dropped: dict[str, int]
    """How many candidates were left out, by reason."""


class SeedAnswer(Answer):
    """An item whose lists were looked at."""

    item: str
    role: str
    weight: float | None


class ExplanationAnswer(Answer):
    """Why a decision is as it is, made from what it used."""

    decision: str
    at: str
    """The instant that it was made for, ISO 8601."""
    region: str
    region_source: RegionSource
    locale: str
    model: str | None
    n_candidates: Annotated[int, Field(ge=0)]
    attributes: dict[str, Any]
    """Attributes that conditions asked for, null when unknown; what is not here was never looked at."""
    seeds: list[SeedAnswer]
    placements: dict[str, ExplainedPlacement]


class ExplainAnswer(Answer):
    """The answer of POST /v1/explain."""

    explanation: ExplanationAnswer
    timings_ms: dict[str, Milliseconds]
    """How long the stages took."""
    answer: DecisionAnswer
    """What the page would have got."""


class RecordedAnswer(Answer):
    """The readable part of a decision's record, as the lake keeps it; queries select from it."""

    model_config = ConfigDict(extra="allow")

    format: int
    decision: str
    at_ms: int
    """Milliseconds since the Unix epoch."""
    visitor: str | None
    release: str
    model: str | None
    region: str
    request: dict[str, Any]
    """The page view, without what the visitor's consent withholds."""
    placements: dict[str, Any]
    """What each placement showed, in short, and which campaigns wanted it."""
    skipped: list[str]
    answer_sha256: str
    """SHA-256 of the decision as it was sent."""


class ReplayedAnswer(Answer):
    """Whether a decision comes out the same when it is made again."""

    identical: bool
    """Byte for byte."""
    gone: list[str]
    """Inputs that are not to be had any more."""
    differs: list[str]
    """What is not as it was recorded."""


class RecordAnswer(ReplayedAnswer):
    """The answer of GET /v1/decisions/{decision}."""

    record: RecordedAnswer
    explanation: ExplanationAnswer | None
    """That of the replay; null when the decision could not be made again."""


class ReplayAnswer(ReplayedAnswer):
    """The answer of GET /v1/decisions/{decision}/replay."""

    answer: DecisionAnswer | None
    """The decision made again; null when it could not be made."""
