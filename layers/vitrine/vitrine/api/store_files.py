"""What files under store/ have in common, and store.yaml itself, as strict models."""

from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, model_validator
from pydantic.json_schema import WithJsonSchema

from vitrine.catalog.packed import MAX_REGIONS

# Rust's `$` is the end of the text and nothing else, and editors that check the JSON Schema know no \A and \z.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Texts = Annotated[dict[str, str], Field(min_length=1)]
"""A text per locale."""
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Slots = Annotated[list[Annotated[int, Field(ge=0, le=49)]], Field(min_length=1, max_length=50)]
"""Places in a row; 0 is the first."""
About = Annotated[str, Field(max_length=500, description="For people: what it is for.")]
CONDITION_MARK: Final = "x-condition"
"""Where a JSON Schema gets that of conditions; pydantic knows no references but its own."""
ConditionPlain = Annotated[dict[str, Any], Field(min_length=1), WithJsonSchema({CONDITION_MARK: True})]
"""A condition as people write it; rules.conditions compiles it."""


def _something(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if value is None:
        raise ValueError("is empty; write a text per locale, or any mapping")
    return value


Content = Annotated[Any, AfterValidator(_something)]
"""What a page shows, of any shape; templates compiles it."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}; use a name such as Europe/Berlin") from error
    return name


Timezone = Annotated[str, AfterValidator(_known_zone)]


class StrictFile(BaseModel):
    """A file, or a part of one, in which nothing unknown may stand."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        populate_by_name=True,
        allow_inf_nan=False,
        defer_build=True,  # a cold start needs one of these models whole
    )


class RegionFile(StrictFile):
    """A delivery region; its place in the list is its bit in the stock mask."""

    id: Name
    name: Texts


class TrainingFile(StrictFile):
    """How many weeks at the end of the data choose and test a ranker; those before them train it."""

    choose_weeks: int = Field(default=4, ge=1, le=52)
    test_weeks: int = Field(default=4, ge=2, le=52)
    test_to_week: int | None = Field(default=None, ge=1)
    """The last week, counted from the data's first; without it, that is the last whole week there is."""


class CrmFile(StrictFile):
    """What the CRM extract says of a visitor under one name; conditions see it as crm.<name>."""

    type: Literal["string", "number", "boolean"]
    values: list[str] = Field(default=[], max_length=200)
    """What it can be, where that is closed; other words are then refused in conditions."""
    about: About = ""

    @model_validator(mode="after")
    def _texts_have_values(self) -> Self:
        if self.values and self.type != "string":
            raise ValueError(f"a {self.type} has no list of values; remove 'values' or make it a string")
        return self


class HoldoutFile(StrictFile):
    """Visitors who never see a campaign, so that the value of all of them together can be measured."""

    share: Annotated[FiniteFloat, Field(ge=0, le=0.5)]
    seed: str = Field(default="holdout", min_length=1, max_length=64)
    """Another seed draws other visitors."""


class StoreFile(StrictFile):
    """store.yaml."""

    name: str
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    locales: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]] = Field(min_length=1)
    """Languages of the texts; the first one serves everybody else."""
    timezone: Timezone = "UTC"
    """Where times of schedules are local, unless a schedule says otherwise."""
    regions: list[RegionFile] = Field(min_length=1, max_length=MAX_REGIONS)
    default_region: str
    margins: dict[str, Share]
    training: TrainingFile = TrainingFile()
    hosts: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]] = []
    """Hosts of the shop itself: who comes from there comes from nowhere else."""
    crm: dict[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")], CrmFile] = {}
    protected: list[str] = []
    """Attributes that may decide neither prices nor offers."""
    holdout: HoldoutFile | None = None

    @model_validator(mode="after")
    def _known_region(self) -> Self:
        ids = [region.id for region in self.regions]
        if len(set(ids)) != len(ids):
            raise ValueError("region ids must differ; rename one of two that are alike")
        if self.default_region not in ids:
            told = f"default_region {self.default_region!r} is not one of the regions {ids}"
            raise ValueError(f"{told}; name one of them")
        return self

    @model_validator(mode="after")
    def _distinct_locales(self) -> Self:
        if len(set(self.locales)) != len(self.locales):
            raise ValueError("locales must differ; remove one of two that are alike")
        return self
