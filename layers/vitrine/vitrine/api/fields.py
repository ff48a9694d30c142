"""Types of fields: what the texts, numbers and lists of a request may be."""

import re
from typing import Annotated, Final, TypeAlias

from vitrine.api.wire import Bounds, Letters
from vitrine.types import Purpose

MAX_ID_BYTES: Final = 128  # of UTF-8: what is stored of a visitor is bounded by bytes, as the table's rows are
MAX_TEXT_LENGTH: Final = 200
MAX_PRICE: Final = 10**9
MAX_QUANTITY: Final = 9_999

VISIBLE: Final = r"^[^\s\p{C}]+$"
"""No white space, control, formatting (so no text-direction tricks), private or unassigned characters."""
PLAIN: Final = r"^[^\p{Cc}\x{202A}-\x{202E}\x{2066}-\x{2069}]*$"
"""Text without control characters and direction overrides."""
LOCALE: Final = r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$"

_UNPLAIN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LOCALE: Final = re.compile(LOCALE.removesuffix("$"))


def is_visible(text: str) -> bool:
    """Whether VISIBLE matches: of what is printable only the space is white."""
    return text.isprintable() and " " not in text


def is_plain(text: str) -> bool:
    """Whether PLAIN matches."""
    return _UNPLAIN.search(text) is None


Id: TypeAlias = Annotated[str, Letters(least=1, most_bytes=MAX_ID_BYTES, pattern=VISIBLE, allows=is_visible)]
Text: TypeAlias = Annotated[str, Letters(most=MAX_TEXT_LENGTH, pattern=PLAIN, allows=is_plain)]
Address: TypeAlias = Annotated[str, Letters(most=512, pattern=PLAIN, allows=is_plain)]
Locale: TypeAlias = Annotated[str, Letters(pattern=LOCALE, allows=_LOCALE.fullmatch)]
Price: TypeAlias = Annotated[int, Bounds(0, MAX_PRICE)]
Token: TypeAlias = str  # its form is identity's business; the body's size cap bounds it
Consent: TypeAlias = Annotated[tuple[Purpose, ...], Bounds(0, 3)]
Share: TypeAlias = Annotated[float, Bounds(0, 1)]
