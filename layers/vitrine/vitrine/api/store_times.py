"""Durations and times of day as files write them: 45m, 2h, 3d; "21:00"."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator
from pydantic.json_schema import WithJsonSchema

from vitrine.outreach.messages import DAY_S

MAX_S: Final = 400 * DAY_S
"""For so long a person's messages are remembered."""

_UNITS: Final = {"m": 60, "h": 3_600, "d": DAY_S, "w": 7 * DAY_S}
_DURATION: Final = r"^[1-9][0-9]{0,5}[mhdw]$"
_TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


def seconds(duration: str) -> int:
    """The seconds of a duration that was checked."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def minute_of(time: str) -> int:
    """The minute of the day of a time that was checked."""
    return int(time[:2]) * 60 + int(time[3:])


def _duration(plain: Any) -> str:  # noqa: ANN401 - any YAML
    if not isinstance(plain, str) or not re.fullmatch(_DURATION.rstrip("$"), plain, re.ASCII):
        raise ValueError(
            f"{plain!r} is no duration; write a number and m, h, d or w for minutes, hours, days or weeks, such as 45m"
        )
    if seconds(plain) > MAX_S:
        raise ValueError(f"{plain} is longer than messages are remembered; give at most {MAX_S // DAY_S}d")
    return plain


def _time(plain: Any) -> str:  # noqa: ANN401 - any YAML
    if not isinstance(plain, str) or not re.fullmatch(_TIME.rstrip("$"), plain, re.ASCII):
        raise ValueError(f'{plain!r} is no time of day; write it like "09:30", from "00:00" to "23:59"')
    return plain


Duration = Annotated[Any, AfterValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})]
"""A number and its unit: m, h, d, w. Kept as it is written."""

TimeOfDay = Annotated[Any, AfterValidator(_time), WithJsonSchema({"type": "string", "pattern": _TIME})]
"""Hours and minutes, "00:00" to "23:59"."""
