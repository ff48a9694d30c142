"""What placements and campaigns show, as files say it: rows of products, content, overlays, listings in order."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, model_validator
from pydantic.json_schema import WithJsonSchema

from vitrine.api.store_files import About, Content, Name, Slots, StrictFile, Texts
from vitrine.api.store_overlays import CountdownFile, WheelFile
from vitrine.decisions.actions import Audience, Mechanic, PriceRelation
from vitrine.decisions.placements import MAX_HIDE_BOUGHT_DAYS
from vitrine.types import PageType

KINDS: Final = ("products", "content", "overlay", "sort", "none")
CategoryPath = Annotated[str, StringConstraints(pattern=r"^[^/\s][^/]*(/[^/\s][^/]*){0,2}$", max_length=200)]
"""One to three levels: department, department/category, department/category/type."""


class RangeFile(StrictFile):
    """Bounds of a number, both ends included."""

    gte: FiniteFloat | None = None
    lte: FiniteFloat | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.gte is None and self.lte is None:
            raise ValueError("bounds nothing; give gte, lte or both")
        if self.gte is not None and self.lte is not None and self.gte > self.lte:
            raise ValueError(f"gte {self.gte} is above lte {self.lte}; nothing is in between")
        return self


class SelectorFile(StrictFile):
    """Items that fulfil all that is given."""

    ids: list[str] | None = Field(default=None, min_length=1, max_length=1_000)
    category: list[CategoryPath] | None = Field(default=None, min_length=1, max_length=200)
    brand: list[str] | None = Field(default=None, min_length=1, max_length=200)
    price: RangeFile | None = None
    """In minor units (cents)."""
    discount: RangeFile | None = None
    """Share of the regular price, 0 to 1."""
    margin: RangeFile | None = None
    """Share of the price, 0 to 1."""
    age_days: RangeFile | None = None
    popularity: RangeFile | None = None
    n_regions: RangeFile | None = None
    """How many regions have it in stock."""
    stocked_in: list[str] | None = Field(default=None, min_length=1)
    """Regions, of which one has to have it."""
    but: "SelectorFile | None" = None
    """Takes items out again."""

    @model_validator(mode="after")
    def _selects(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("selects nothing in particular; name ids, category, brand or a range")
        return self

    def ranges(self) -> Mapping[str, RangeFile]:
        """The bounded columns by name."""
        named = ("price", "discount", "margin", "age_days", "popularity", "n_regions")
        return {name: bounds for name in named if (bounds := getattr(self, name)) is not None}

    def looks_at_price(self) -> bool:
        """Whether price or discount decides what is selected."""
        return bool({"price", "discount"} & self.ranges().keys()) or (
            self.but is not None and self.but.looks_at_price()
        )


class StrategyFile(StrictFile):
    """One way to fill a row; the next one fills what is left."""

    audience: Audience = Field(alias="for", default="anyone")
    lists: list[str] = Field(alias="from", min_length=1, max_length=20)
    """Lists the items may come from, also <popular|trending|new|discounted>@<category path>."""
    order: str
    """`model` ranks by the ranker, a list's name by that list's score."""
    other_category: bool = False
    price: PriceRelation = "any"
    items: SelectorFile | None = None
    slots: Slots | None = None


class FloorFile(StrictFile):
    """When nothing is better than nonsense."""

    min_items: int = Field(default=1, ge=1, le=50)
    min_score: Annotated[FiniteFloat, Field(ge=-1e6, le=1e6)] | None = None
    """In the unit of the list that orders a strategy; strategies ordered by the model are not bound by it."""


class ExploreFile(StrictFile):
    """A share of decisions gives the last slot to one of the best items left."""

    share: Annotated[FiniteFloat, Field(gt=0, le=0.5)]
    pool: int = Field(default=20, ge=2, le=200)


class RowFile(StrictFile):
    """A row of products."""

    size: int = Field(ge=1, le=50)
    title: Texts
    strategies: list[StrategyFile] = Field(min_length=1, max_length=20)
    hide_bought_days: int = Field(default=2, ge=0, le=MAX_HIDE_BOUGHT_DAYS)
    max_per_kind: int = Field(default=50, ge=1, le=50)
    max_per_category: int = Field(default=50, ge=1, le=50)
    max_per_brand: int = Field(default=50, ge=1, le=50)
    items: SelectorFile | None = None
    floor: FloorFile = FloorFile()
    blend: dict[str, Annotated[FiniteFloat, Field(ge=-5, le=5)]] = Field(default_factory=dict)
    """Business value in the score: weights in standard deviations of the row's scores."""
    explore: ExploreFile | None = None
    rows: int = Field(default=0, ge=0, le=12)
    """Above 0: so many rows, one per category that the visitor likes most."""


_OWN_FIELDS: Final[Mapping[str, str]] = {
    "countdown": 'countdown: {minutes: 30}, {until: 2026-12-24} or {daily: "18:00"}',
    "wheel": "wheel: {sectors: [{id: a, weight: 0.5, label: {...}}, ...]}",
}
"""Mechanics that need a field of their name, and how to write it."""


class OverlayFile(StrictFile):
    """Something over the page: an exit-intent message, a popup after adding to the cart."""

    mechanic: Mechanic
    content: Content
    products: RowFile | None = None
    countdown: CountdownFile | None = None
    """Of the mechanic countdown: when it ends."""
    wheel: WheelFile | None = None
    """Of the mechanic wheel: its sectors, which become part of the content."""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        for name, remedy in _OWN_FIELDS.items():
            has_it = getattr(self, name) is not None
            if has_it and self.mechanic != name:
                raise ValueError(f"has a {name} and the mechanic {self.mechanic}; remove one or write mechanic: {name}")
            if not has_it and self.mechanic == name:
                raise ValueError(f"is a {name} that does not say what of; write {remedy}")
        return self

    @property
    def is_live(self) -> bool:
        """Whether part of it is the server's word to one visitor: when it ends, or what they drew."""
        return self.countdown is not None or self.wheel is not None


class SortFile(StrictFile):
    """Puts the page's own listing in order."""

    order: str = "model"
    position_weight: Annotated[FiniteFloat, Field(ge=0, le=10)] = 1.0
    """How much the given order counts; 0 forgets it."""


def _plain_or_texts(value: Any) -> Any:  # noqa: ANN401 - any YAML
    plain = isinstance(value, str | int | float)
    if not plain and not (isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values())):
        raise ValueError("is no default; give a text, a number, true or false, or a text per locale")
    return value


_DEFAULT_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [{"type": ["string", "number", "boolean"]}, {"type": "object", "additionalProperties": {"type": "string"}}]
}


VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class VariableFile(StrictFile):
    """A variable of templates: where it comes from, and what it is when that is unknown."""

    attribute: str = Field(alias="from")
    default: Annotated[Any, AfterValidator(_plain_or_texts), WithJsonSchema(_DEFAULT_SCHEMA)]
    """One value for all locales, or a text per locale."""


class ActionFile(StrictFile):
    """What is shown: exactly one of products, content, overlay, sort, none."""

    products: RowFile | None = None
    content: Any = None
    overlay: OverlayFile | None = None
    sort: SortFile | None = None
    none: Literal[True] | None = None

    @property
    def kinds(self) -> list[str]:
        """Names of the actions that are given."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]

    def rows(self) -> list[RowFile]:
        """The row, if the action has one."""
        rows = (self.products, None if self.overlay is None else self.overlay.products)
        return [row for row in rows if row is not None]


class OneActionFile(ActionFile):
    """What one variation shows: exactly one of products, content, overlay, sort, none."""

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        if len(self.kinds) != 1:
            raise ValueError(f"has {' and '.join(self.kinds) or 'no action'}; give exactly one of {', '.join(KINDS)}")
        return self


class PlacementFile(OneActionFile):
    """A named place on pages of some types, and what it shows when no campaign wins it."""

    about: About = ""
    pages: list[PageType] = Field(min_length=1)
    variables: dict[VariableName, VariableFile] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _no_campaign_of_its_own(self) -> Self:
        if self.overlay is not None and self.overlay.is_live:
            raise ValueError(f"a {self.overlay.mechanic} is remembered by the name of its campaign; move it into one")
        return self


class PlacementsFile(StrictFile):
    """placements.yaml: where the shop shows something."""

    placements: dict[Name, PlacementFile] = Field(min_length=1)
