"""Merchandising rules as files say them."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, FiniteFloat, WithJsonSchema, model_validator

from vitrine.api.store_actions import SelectorFile
from vitrine.api.store_campaigns import AudienceNames, ScheduleFile
from vitrine.api.store_faults import suggest
from vitrine.api.store_files import About, ConditionPlain, Content, Name, Share, Slots, StrictFile
from vitrine.places.calendar import SEASONS

RULE_KINDS: Final = ("pin", "boost", "bury", "only", "exclude", "slots", "sponsored")
Weight = Annotated[FiniteFloat, Field(gt=0, le=10)]


def _known_season(name: str) -> str:
    if name not in SEASONS:
        raise ValueError(f"there is no season {name!r}; {suggest(name, SEASONS, 'seasons')}")
    return name


SeasonName = Annotated[str, AfterValidator(_known_season), WithJsonSchema({"type": "string", "enum": list(SEASONS)})]


class PinFile(StrictFile):
    """Items that stand in certain places, in order."""

    items: list[str] = Field(min_length=1, max_length=50)
    slots: Slots | None = None
    """By default the first ones."""


class WeightFile(StrictFile):
    """Items that move up or down by so many standard deviations of the row's scores."""

    items: SelectorFile
    by: Weight


class SlotsFile(StrictFile):
    """Places that are kept for a selection, best first."""

    items: SelectorFile
    slots: Slots


class SponsoredFile(StrictFile):
    """Places somebody pays for. What is shown there bears the label."""

    items: SelectorFile
    slots: Slots
    per_row: int = Field(default=1, ge=1, le=10)
    per_session: int | None = Field(default=None, ge=1, le=1_000)
    label: Content
    sponsor: Annotated[str, Field(min_length=1, max_length=100)]


class RuleFile(StrictFile):
    """What the merchant wants in rows: exactly one of pin, boost, bury, only, exclude, slots, sponsored."""

    about: About = ""
    placements: list[str] | None = Field(default=None, min_length=1)
    """Rows it holds for; all of them without it."""
    audience: AudienceNames | None = None
    """One audience, or several: all of them have to hold, and `when` with them."""
    when: ConditionPlain | None = None
    schedule: ScheduleFile | None = None
    pin: PinFile | None = None
    boost: WeightFile | None = None
    bury: WeightFile | None = None
    only: SelectorFile | None = None
    exclude: SelectorFile | None = None
    slots: SlotsFile | None = None
    sponsored: SponsoredFile | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in RULE_KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(f"has {' and '.join(kinds) or 'no effect'}; give exactly one of {', '.join(RULE_KINDS)}")
        return self

    @property
    def kind(self) -> str:
        """The name of its one effect."""
        return next(kind for kind in RULE_KINDS if getattr(self, kind) is not None)


class EmphasisFile(StrictFile):
    """What the terms `season` and `warehouse` of blends draw on."""

    seasons: dict[SeasonName, SelectorFile] = Field(default_factory=dict)
    """The goods of each season. In a season that is not named the term prefers nothing."""
    warehouses: dict[str, Share] = Field(default_factory=dict)
    """Priority of each region's stock, 0 to 1, and 0 where none is named. An item has the highest of its regions."""


class RulesFile(EmphasisFile):
    """merchandising.yaml."""

    rules: dict[Name, RuleFile]
