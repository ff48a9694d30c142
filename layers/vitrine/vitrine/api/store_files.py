"""The files under store/ as strict models, and their compiled form that a release carries."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from vitrine.catalog.packed import MAX_REGIONS
from vitrine.decisions.candidates import LISTS
from vitrine.decisions.placements import BY_MODEL, MAX_HIDE_BOUGHT_DAYS, Audience, Placement, Store, Strategy
from vitrine.errors import InvalidStore
from vitrine.types import PageType

Name = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9][a-z0-9_.-]{0,63}\z")]
Texts = Annotated[dict[str, str], Field(min_length=1)]


class StrictFile(BaseModel):
    """A file, or a part of one, in which nothing unknown may stand."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class RegionFile(StrictFile):
    """A delivery region; its place in the list is its bit in the stock mask."""

    id: Name
    name: Texts


class TrainingFile(StrictFile):
    """How many weeks at the end of the data choose and test a ranker; those before them train it.

    `test_to_week` names the last one, counted from the data's first; without it, that is the last whole week there is.
    """

    choose_weeks: int = Field(default=4, ge=1, le=52)
    test_weeks: int = Field(default=4, ge=2, le=52)
    test_to_week: int | None = Field(default=None, ge=1)


class StoreFile(StrictFile):
    """store.yaml."""

    name: str
    currency: Annotated[str, StringConstraints(pattern=r"\A[A-Z]{3}\z")]
    locales: list[str] = Field(min_length=1)
    regions: list[RegionFile] = Field(min_length=1, max_length=MAX_REGIONS)
    default_region: str
    margins: dict[str, Annotated[float, Field(ge=0, le=1)]]
    training: TrainingFile = TrainingFile()

    @model_validator(mode="after")
    def _known_region(self) -> Self:
        ids = [region.id for region in self.regions]
        if len(set(ids)) != len(ids):
            raise ValueError("region ids must differ")
        if self.default_region not in ids:
            raise ValueError(f"default_region {self.default_region!r} is not one of the regions {ids}")
        return self


class StrategyFile(StrictFile):
    """One way to fill a placement."""

    audience: Audience = Field(alias="for")
    lists: list[str] = Field(alias="from", min_length=1)
    order: str
    other_category: bool = False

    @model_validator(mode="after")
    def _known_lists(self) -> Self:
        for name in self.lists:
            if name not in LISTS:
                raise ValueError(f"there is no list {name!r}; lists are {', '.join(LISTS)}")
        if self.order != BY_MODEL and self.order not in self.lists:
            raise ValueError(f"order is {self.order!r}: use 'model' or one of the lists in 'from'")
        return self


class PlacementFile(StrictFile):
    """A named place on pages."""

    pages: list[PageType] = Field(min_length=1)
    size: int = Field(ge=1, le=50)
    title: Texts
    strategies: list[StrategyFile] = Field(min_length=1)
    hide_bought_days: int = Field(default=2, ge=0, le=MAX_HIDE_BOUGHT_DAYS)
    max_per_kind: int = Field(default=50, ge=1, le=50)


class PlacementsFile(StrictFile):
    """placements.yaml."""

    placements: dict[Name, PlacementFile] = Field(min_length=1)


class CompiledStore(StrictFile):
    """What a release carries as store.json."""

    format: Literal[1] = 1
    store: StoreFile
    placements: dict[Name, PlacementFile]

    def to_domain(self) -> Store:
        """The store as decisions use it."""
        return Store(
            name=self.store.name,
            currency=self.store.currency,
            locales=tuple(self.store.locales),
            regions=tuple(region.id for region in self.store.regions),
            default_region=self.store.default_region,
            placements={name: _placement(name, file) for name, file in self.placements.items()},
        )


def _placement(name: str, file: PlacementFile) -> Placement:
    return Placement(
        name=name,
        pages=frozenset(file.pages),
        size=file.size,
        title=file.title,
        strategies=tuple(
            Strategy(strategy.audience, tuple(strategy.lists), strategy.order, strategy.other_category)
            for strategy in file.strategies
        ),
        hide_bought_days=file.hide_bought_days,
        max_per_kind=file.max_per_kind,
    )


def load_store(data: bytes) -> Store:
    """The store in the bytes that `compile_store` wrote.

    Raises:
        InvalidStore: the bytes are not a compiled store of this version.
    """
    try:
        return CompiledStore.model_validate_json(data).to_domain()
    except ValidationError as error:
        raise InvalidStore(f"store.json: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """Place and remedy of the first thing that is wrong."""
    fault = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the file"
    return f"{place}: {fault['msg']}"
