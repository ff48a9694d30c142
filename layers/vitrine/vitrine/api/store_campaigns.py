"""Campaigns, audiences and personas as files say them."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, model_validator
from pydantic.json_schema import WithJsonSchema

from vitrine.api.store_actions import KINDS, ActionFile, OneActionFile, VariableFile, VariableName
from vitrine.api.store_files import About, ConditionPlain, Name, StrictFile, Timezone
from vitrine.api.store_instants import Instant
from vitrine.decisions.campaigns import MAX_CAP_VIEWS
from vitrine.types import PageType, Purpose

MAX_SHARDS: Final = 64
AttributePath = Annotated[str, Field(min_length=1, max_length=100)]
Interval = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]


def _names(value: Any) -> Any:  # noqa: ANN401 - any YAML
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError("is no name of an audience and no list of names; write: audience: NAME")
    return names


AudienceNames = Annotated[
    Any,
    AfterValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
"""One audience, or several of which all have to hold."""


class AudienceFile(StrictFile):
    """A named condition; others use it as $audience."""

    about: About = ""
    when: ConditionPlain


class AudiencesFile(StrictFile):
    """audiences.yaml."""

    audiences: dict[Name, AudienceFile]


class PersonaFile(StrictFile):
    """A kind of visitor. The first whose condition holds is theirs; the last has none, so everybody has one."""

    name: Name
    about: About = ""
    when: ConditionPlain | None = None


class PersonasFile(StrictFile):
    """personas.yaml."""

    personas: list[PersonaFile] = Field(min_length=1, max_length=50)


class ScheduleFile(StrictFile):
    """From when and until when; either may be open. `until` without a time of day includes that day."""

    starts: Instant | None = Field(alias="from", default=None)
    ends: Instant | None = Field(alias="until", default=None)
    timezone: Timezone | None = None
    """Instead of the store's."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.starts is None and self.ends is None:
            raise ValueError("has neither from nor until; give one of them or leave the schedule out")
        return self


class CapFile(StrictFile):
    """At most so many showings per visitor."""

    views: int = Field(ge=1, le=1_000)
    per: Annotated[str, StringConstraints(pattern=r"^(session|day|week|ever|[1-9][0-9]{0,2}[dh])$")]
    """session, day (24 hours), week, ever, or a number of days or hours such as 3d or 36h."""

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.per != "ever" and self.views > MAX_CAP_VIEWS:
            raise ValueError(
                f"at most {MAX_CAP_VIEWS} views of one visitor are counted by their time, not {self.views}; "
                "use fewer, or per: ever"
            )
        return self


class BudgetFile(StrictFile):
    """At most so many showings to all visitors together."""

    views: int = Field(ge=1, le=10**12)
    per: Literal["day", "week", "total"] = "total"
    """Days and weeks of the store's time zone; a week begins on Monday."""
    shards: int | None = Field(default=None, ge=1, le=MAX_SHARDS)
    """Rows of the counter; more of them take more writes. By default as many as the size calls for."""

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.shards is not None and self.shards > self.views:
            raise ValueError(f"{self.views} views cannot be spread over {self.shards} shards; use fewer shards")
        return self


class ExperimentFile(StrictFile):
    """Who gets which variation, with GrowthBook's fields. Variations are called by their names."""

    key: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Names it in reports and sticky assignments; the campaign's name without it."""
    weights: dict[Name, FiniteFloat] | None = None
    coverage: FiniteFloat | None = None
    hash_version: Literal[1, 2] = 2
    attribute: AttributePath = "visitor.id"
    """What is hashed: who has the same value gets the same variation."""
    fallback_attribute: AttributePath | None = None
    seed: Annotated[str, Field(max_length=64)] | None = None
    namespace: tuple[str, FiniteFloat, FiniteFloat] | None = Field(default=None, strict=False)
    """[id, start, end]: experiments of one namespace with disjoint ranges never share a visitor."""
    ranges: dict[Name, Interval] | None = None
    """Per variation its part of the buckets, instead of weights and coverage."""
    force: Name | None = None
    """Everybody who matches gets this variation."""
    forced_for: dict[str, Name] = Field(default={}, max_length=1_000)
    """Values of the attribute (visitor ids) that get a certain variation, for previews."""
    sticky: bool = False
    bucket_version: int = Field(default=0, ge=0)
    min_bucket_version: int = Field(default=0, ge=0)


class CampaignFile(ActionFile):
    """Who sees what, where and when: one action, or variations of which an experiment gives each visitor one."""

    about: About = ""
    placements: list[str] = Field(min_length=1, max_length=50)
    pages: list[PageType] | None = Field(default=None, min_length=1)
    audience: AudienceNames | None = None
    """One audience, or several: all of them have to hold, and `when` with them."""
    when: ConditionPlain | None = None
    schedule: ScheduleFile | None = None
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    """Of two that want one placement the higher wins."""
    group: Name | None = None
    """Campaigns of one group never meet in one session."""
    caps: list[CapFile] = Field(default=[], max_length=8)
    budget: BudgetFile | None = None
    control: Annotated[FiniteFloat, Field(ge=0, le=0.9)] = 0.0
    """Share of its audience who are held back for comparison."""
    needs: list[Purpose] = Field(default_factory=list)
    """Consents without which it is not shown."""
    offer: bool = False
    """It promises a price or an advantage, if only in words: protected attributes may not decide who sees it."""
    variables: dict[VariableName, VariableFile] = Field(default_factory=dict)
    variations: dict[Name, OneActionFile] | None = Field(default=None, min_length=2, max_length=20)
    experiment: ExperimentFile | None = None

    @model_validator(mode="after")
    def _one_action_or_variations(self) -> Self:
        if self.variations is not None and self.kinds:
            raise ValueError(f"has variations and {self.kinds[0]}; move {self.kinds[0]} into a variation")
        if self.variations is None and len(self.kinds) != 1:
            found = " and ".join(self.kinds) or "no action"
            raise ValueError(f"has {found}; give exactly one of {', '.join(KINDS)}, or variations")
        return self

    @model_validator(mode="after")
    def _experiment_with_variations(self) -> Self:
        if self.experiment is not None and self.variations is None:
            raise ValueError("has an experiment without variations; add variations, or remove the experiment")
        return self

    def actions(self) -> dict[str, ActionFile]:
        """What it can show by the name of the variation; '' names the only one."""
        return dict(self.variations) if self.variations is not None else {"": self}


class CampaignsFile(StrictFile):
    """A file below campaigns/."""

    campaigns: dict[Name, CampaignFile]
