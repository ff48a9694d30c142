"""Offers as files say them. So far of one kind: bundles, two goods that are cheaper together."""

from typing import Annotated, Final, Self

from pydantic import Field, FiniteFloat, model_validator

from vitrine.api.store_actions import SelectorFile
from vitrine.api.store_files import About, Name, StrictFile

NOT_ON_CARDS: Final = frozenset({"brand", "margin", "age_days", "popularity"})


class BundleFile(StrictFile):
    """A set of two, shown by lists called `bundle_...`, that is cheaper than both apart. The first that fits counts."""

    about: About = ""
    discount: Annotated[FiniteFloat, Field(gt=0, le=0.5)]
    """Share off the sum of both prices."""
    items: SelectorFile | None = None
    """Which goods may be added to a set at this price; all without it."""

    @model_validator(mode="after")
    def _is_on_cards(self) -> Self:
        unknown = sorted(_fields(self.items) & NOT_ON_CARDS)
        if unknown:
            raise ValueError(f"items: a set is priced by live cards, which do not tell {', '.join(unknown)}")
        return self


class OffersFile(StrictFile):
    """offers.yaml."""

    bundles: dict[Name, BundleFile] = Field(default_factory=dict)


def _fields(items: SelectorFile | None) -> frozenset[str]:
    """What a selector looks at, with all that it takes out again."""
    return frozenset() if items is None else frozenset(items.model_fields_set) | _fields(items.but)
