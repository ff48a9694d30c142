"""Types of fields, and one clear error for what does not fit them."""

import re
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic_core import PydanticCustomError

from vitrine.api.strict_json import shorten
from vitrine.errors import InvalidField
from vitrine.types import Purpose

MAX_ID_BYTES: Final = 128  # of UTF-8: what is stored of a visitor is bounded by bytes, as the table's rows are
MAX_TEXT_LENGTH: Final = 200
MAX_PRICE: Final = 10**9
MAX_QUANTITY: Final = 9_999

# pydantic's patterns run on Rust's linear-time engine, where `$` is the end of the text and nothing else.
VISIBLE: Final = r"^[^\s\p{C}]+$"
"""No white space, control, formatting (so no text-direction tricks), private or unassigned characters."""
PLAIN: Final = r"^[^\p{Cc}\x{202A}-\x{202E}\x{2066}-\x{2069}]*$"
"""Text without control characters and direction overrides."""
LOCALE: Final = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$"


def at_most_bytes(limit: int) -> AfterValidator:
    """Refuses a text of more bytes in UTF-8; shorter than the limit in letters does not say so."""

    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise PydanticCustomError("too_many_bytes", "should have at most {limit} bytes", {"limit": limit})
        return text

    return AfterValidator(check)


Id: TypeAlias = Annotated[str, Field(min_length=1, pattern=VISIBLE), at_most_bytes(MAX_ID_BYTES)]
Text: TypeAlias = Annotated[str, Field(max_length=MAX_TEXT_LENGTH, pattern=PLAIN)]
Price: TypeAlias = Annotated[int, Field(ge=0, le=MAX_PRICE)]
Token: TypeAlias = str  # its form is identity's business; the body's size cap bounds it
Consent: TypeAlias = Annotated[list[Purpose], Field(max_length=3)]
Share: TypeAlias = Annotated[FiniteFloat, Field(ge=0, le=1)]

MESSAGES: Final = {
    "extra_forbidden": "unknown field",
    "missing": "is required",
    "string_pattern_mismatch": "holds characters that are not allowed here",
}

AFTER_VALIDATION: Final = re.compile(r"^List (?=should have)| after validation, not \d+$")
"""What pydantic says of its own workings where a list is too long or too short."""


class Wire(BaseModel):
    """A part of a request: frozen, nothing unknown, nothing converted, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def checked(cls, value: Any, at: str = "") -> Self:  # noqa: ANN401 - what a caller sent can be anything
        """The value as this model.

        Raises:
            InvalidField: it does not fit; names the first field that does not, as a dotted path below `at`.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise _invalid_field(error, at) from error


def _invalid_field(error: ValidationError, at: str) -> InvalidField:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = ".".join([*([at] if at else []), *(shorten(str(step)) for step in first["loc"])])
    message = MESSAGES.get(first["type"]) or AFTER_VALIDATION.sub("", first["msg"]).replace("Input should", "should")
    return InvalidField(message, path)
