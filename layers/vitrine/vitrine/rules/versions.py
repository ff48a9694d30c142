"""Versions in an order that plain comparison of texts gives, as GrowthBook's $veq, $vgt and so on need."""

import re
from typing import Final

from vitrine.rules.javascript import code_units, text_of

_SEPARATOR: Final = re.compile(r"[-.]")
_NOTHING: Final = "0"
_RELEASED: Final = "~"  # the last printable ASCII character: 1.0.0 comes after 1.0.0-beta
_WIDTH: Final = 5


def version_order(value: object) -> bytes:
    """A key that orders versions. Build metadata and a leading "v" do not count; what is no version is 0."""
    text = text_of(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    parts = _SEPARATOR.split((text or _NOTHING).removeprefix("v").partition("+")[0])
    if len(parts) == 3:
        parts.append(_RELEASED)
    return code_units("-".join(part.rjust(_WIDTH) if part.isascii() and part.isdigit() else part for part in parts))
