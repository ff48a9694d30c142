"""When a countdown ends and where a wheel stops, in words for people."""

from collections.abc import Mapping
from datetime import UTC, datetime


def live_words(told: Mapping[str, int | str]) -> str:
    """What answers and records tell of it, as words."""
    match told:
        case {"ends_at_ms": int(ends_ms)}:
            return f"ends {datetime.fromtimestamp(ends_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
        case {"outcome": str(outcome)}:
            return f"the wheel stops at {outcome}"
    return ""
