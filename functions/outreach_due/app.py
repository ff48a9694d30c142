"""Each minute: send who is due into the queue of those who are worked on."""

import os
import time
from functools import cache
from typing import Any

from vitrine.api.outreach_metrics import count_swept
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.sweep import Sweeper, build_sweeper


@cache
def service() -> Sweeper:
    """The index of who is due and the queue, wired once per execution environment."""
    return build_sweeper(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """AWS's entry point; what fails is raised, so that somebody hears of it, and the next minute tries again."""
    swept = service().run(time.monotonic)
    count_swept(swept)
    return {"due": swept.due, "sent": swept.sent, "lag_ms": swept.lag_ms, "held": swept.is_held}


at_init(service, os.environ)
