"""What a decision comes to: per placement what is shown and why, and which campaigns wanted it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from vitrine.catalog.items import Card
from vitrine.decisions.actions import Mechanic
from vitrine.decisions.candidates import Role
from vitrine.types import ItemId, PlacementKind
from vitrine.values import dataclass, field

Outcome = Literal[
    "shown",
    "control",  # it won, and the visitor is held back for comparison
    "outranked",  # it would have been shown, but a campaign before it was
    "page",
    "schedule",
    "condition",
    "consent",
    "holdout",
    "capped",
    "group",
    "budget",
    "over",  # its countdown has ended, for this visitor or for everybody
    "no_visitor",  # its wheel is drawn for a visitor's id, and there is none
    "not_in_experiment",
    "nothing_to_show",
    "not_counted",  # it has a cap, group or budget, and the showing could not be counted
]


@dataclass(frozen=True, slots=True)
class Ends:
    """When an overlay's countdown ends, in epoch milliseconds.

    `is_own`: the end is this visitor's alone, counts from the first showing on, and is remembered for them.
    """

    ends_ms: int
    is_own: bool = False

    def told(self) -> dict[str, int | str]:
        """By its name in answers and records."""
        return {"ends_at_ms": self.ends_ms}


@dataclass(frozen=True, slots=True)
class Drawn:
    """The sector where an overlay's wheel stops."""

    outcome: str

    def told(self) -> dict[str, int | str]:
        """By its name in answers and records."""
        return {"outcome": self.outcome}


Live: TypeAlias = Ends | Drawn
"""What only the server can say of an overlay."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A campaign that could have had a placement, and what became of it."""

    campaign: str
    outcome: Outcome
    variation: str | None = None
    bucket: float | None = None
    live: Live | None = None


class Reason(NamedTuple):
    """Why an item was picked: the list it came from, and for related lists the item that led to it."""

    list: str
    seed: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A set with another item: its price, and what both cost apart, in minor units of the currency."""

    item: ItemId
    offer: str
    price: int
    apart: int
    currency: str


class Slot(NamedTuple):
    """One item as shown: its place (0 is first), its card (None in a sorted listing) and why it is there.

    `rules` are the merchandising rules that touched it; `sponsor` paid for its place, and `label` says so. `propensity`
    is the probability, in (0, 1], that this item came to this place, given all that is known. `bundle` is there where
    the item is offered in a set.
    """

    item: ItemId
    slot: int
    card: Card | None
    reason: Reason
    score: float = 0.0
    rules: tuple[str, ...] = ()
    sponsor: str | None = None
    label: Any = None
    propensity: float = 1.0
    bundle: Bundle | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """One row of a two-axis layout."""

    title: str
    items: Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one placement shows. `fallback` names what stood in for it; `reasons` says why it is empty.

    `content` is the rendered payload; for rows of products it holds the title. `control` says that the campaign won
    but is held back from this visitor, who sees the placement's own action. `live` is there of a countdown or a wheel.
    """

    placement: str
    kind: PlacementKind
    content: Any = None
    items: Sequence[Slot] = ()
    rows: Sequence[Shelf] = ()
    mechanic: Mechanic | None = None
    campaign: str | None = None
    variation: str | None = None
    control: bool = False
    fallback: str | None = None
    reasons: Sequence[str] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    considered: Sequence[Considered] = ()
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one page view. `skipped` names the stages that gave up; `model` is None when no model scored.

    `seeds` and `elapsed_days` are what the features were computed from, beside rows of the release. `explanation` is
    there when it was asked for.
    """

    id: str
    release: str
    model: str | None
    region: str
    region_source: str
    placements: Sequence[Answer]
    skipped: Sequence[str]
    seeds: Sequence[tuple[ItemId, Role, float]]
    elapsed_days: float
    explanation: Mapping[str, Any] | None = None
