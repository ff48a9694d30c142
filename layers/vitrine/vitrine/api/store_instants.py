"""Instants as files write them: a date, or a date and time, local unless it has an offset."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator

_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def _instant(text: str) -> str:
    if not _INSTANT.fullmatch(text) or not _is_real(text):
        raise ValueError(f"{text!r} is no date or time; write 2026-12-01 or 2026-12-01T09:30")
    if text[:2] != "20":
        raise ValueError(f"{text!r} is not in this century; leave it out to leave it open")
    return text


def _is_real(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


Instant = Annotated[str, AfterValidator(_instant)]
