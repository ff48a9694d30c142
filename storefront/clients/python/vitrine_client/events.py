"""Events with what every event has."""

import time
from typing import Any, cast
from uuid import uuid4

from .types import Event, EventKind


def new_event(kind: EventKind, **fields: Any) -> Event:  # noqa: ANN401 - the fields of an Event
    """An event of this moment; give it an `id` where what happened has one, such as the line of an order."""
    return cast(Event, {"id": uuid4().hex, "kind": kind, "at_ms": time.time_ns() // 1_000_000, **fields})
