"""What overlays with a countdown or a wheel of fortune say in files beside their content."""

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, model_validator
from pydantic.json_schema import WithJsonSchema

from vitrine.api.store_files import Name, StrictFile, Timezone
from vitrine.api.store_instants import Instant

MAX_MINUTES: Final = 30 * 1_440
MAX_SECTORS: Final = 24
MIN_WEIGHT: Final = 0.0001
"""Of a sector: buckets have 10,000 steps, so that what is rarer could never come up."""
WEIGHTS_TOLERANCE: Final = 1e-6


def _lasting(minutes: int) -> int:
    if minutes <= 0:
        raise ValueError(f"a countdown of {minutes} minutes is over before it begins; give 1 or more")
    if minutes > MAX_MINUTES:
        raise ValueError(f"a countdown of {minutes} minutes hurries nobody; give {MAX_MINUTES} (30 days) or fewer")
    return minutes


def _after_midnight(time: str) -> str:
    if time == "00:00":
        raise ValueError('the day begins at "00:00", so nothing is left of it; "24:00" is its end')
    return time


Minutes = Annotated[
    int, AfterValidator(_lasting), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_MINUTES})
]
TimeOfDay = Annotated[
    str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"), AfterValidator(_after_midnight)
]


class CountdownFile(StrictFile):
    """When the countdown ends: exactly one of minutes, until, daily."""

    minutes: Minutes | None = None
    """So long after it was first shown to a visitor. The end is remembered and never moves to later."""
    until: Instant | None = None
    """The same end for everybody; a date without a time of day includes that day."""
    daily: TimeOfDay | None = None
    """Every day at this time, such as "18:00", for everybody; then it is over until midnight."""
    timezone: Timezone | None = None
    """Of `until` and `daily`, instead of the store's."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        given = [name for name in ("minutes", "until", "daily") if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"has {' and '.join(given)}" if given else "has no end"
            raise ValueError(f'{told}; give exactly one of minutes: 30, until: 2026-12-24, daily: "18:00"')
        if self.timezone is not None and self.minutes is not None:
            raise ValueError("minutes are the same in every time zone; remove timezone")
        return self


def _wording(value: Any) -> Any:  # noqa: ANN401 - any YAML
    is_choice = isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values())
    if not is_choice and not isinstance(value, str):
        raise ValueError("is no text; write a text per locale, or one for all of them")
    return value


Wording = Annotated[
    Any,
    AfterValidator(_wording),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
"""A text per locale, or one for all of them; it may hold variables."""


def _possible(weight: float) -> float:
    if weight < MIN_WEIGHT:
        raise ValueError(f"a sector of weight {weight:g} never comes up; give {MIN_WEIGHT} or more, or leave it out")
    return weight


class SectorFile(StrictFile):
    """One sector of a wheel: how likely it is, and what is drawn and said of it."""

    id: Name
    weight: Annotated[FiniteFloat, AfterValidator(_possible), WithJsonSchema({"type": "number", "minimum": MIN_WEIGHT})]
    """Share of the visitors whose wheel stops here, 0.0001 to 1; those of all sectors sum to 1."""
    label: Wording
    """What stands on the wheel."""
    title: Wording | None = None
    """What is said of it once the wheel has stopped here, as `text` and `link`."""
    text: Wording | None = None
    link: Wording | None = None


class WheelFile(StrictFile):
    """The sectors of a wheel. Where it stops follows from the visitor's id and the campaign's name, for good."""

    sectors: list[SectorFile] = Field(max_length=MAX_SECTORS)

    @model_validator(mode="after")
    def _decides(self) -> Self:
        if len(self.sectors) < 2:
            raise ValueError(f"a wheel of {len(self.sectors)} sectors decides nothing; give two or more")
        ids = [sector.id for sector in self.sectors]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two sectors are called {twice!r}; rename one")
        total = sum(sector.weight for sector in self.sectors)
        if abs(total - 1) > WEIGHTS_TOLERANCE:
            raise ValueError(
                f"the weights of its sectors sum to {total:.6g}, not to 1; they are shares of the visitors"
            )
        return self
