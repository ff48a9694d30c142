"""What holds for every suite."""

import os

import pytest
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Properties go over the same lines again and again, which other tests have told of: measured for coverage they
    take twice as long. Other tests of the kind are marked one by one."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
