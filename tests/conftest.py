"""What holds for every suite."""

import os

from hypothesis import HealthCheck, settings

# No test is judged by the clock: a machine that others use, too, takes ten times as long now and then. And none by its
# luck: the same code meets the same inputs, so that a change answers for what it breaks and for nothing else. EXPLORE=1
# draws others each time.
settings.register_profile(
    "untimed",
    deadline=None,
    derandomize="EXPLORE" not in os.environ,
    database=None if "EXPLORE" not in os.environ else settings.default.database,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")
