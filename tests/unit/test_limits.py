"""What the engine may use of a function's memory and cores."""

import pytest

from vitrine.refresh.engine import Limits
from vitrine.refresh.opened_lake import LakeSource
from vitrine.settings import Settings
from vitrine.wiring.refresh import engine_limits, lake_source

LAPTOP = Limits(threads=2, memory_mb=4_000)
LAMBDA = Limits(threads=6, memory_mb=10_400)


def test_a_function_of_ten_gigabytes_uses_them():
    """Half of the memory, and a thread per core that comes with it."""
    assert engine_limits(10_240, LAMBDA) == Limits(threads=6, memory_mb=5_120)


def test_the_same_function_on_a_laptop_keeps_to_the_laptop():
    """What the template declares may be more than the machine has."""
    assert engine_limits(10_240, LAPTOP) == Limits(threads=2, memory_mb=2_000)


@pytest.mark.parametrize("mb", [128, 1_024])
def test_a_small_function_has_one_thread(mb):
    """There is always one."""
    assert engine_limits(mb, LAMBDA).threads == 1


def test_outside_of_lambda_the_defaults_hold():
    """A command on a laptop is told no memory."""
    assert Settings.from_env({"VITRINE_TABLE": "t"}).memory_mb is None
    assert engine_limits(None, LAMBDA) == Limits()


def test_lambda_tells_its_memory():
    """The variable is Lambda's own."""
    env = {"VITRINE_TABLE": "t", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240"}
    assert Settings.from_env(env).memory_mb == 10_240


def test_the_lake_keeps_events_as_long_as_the_stack_says():
    """The number of days comes from the template; without one it is what the template has by default."""
    told = Settings.from_env({"VITRINE_TABLE": "t", "VITRINE_EVENT_RETENTION_DAYS": "30"})
    assert lake_source(told).keep_days == 30
    assert lake_source(Settings(table="t"), "spark").keep_days == LakeSource().keep_days == 400
    with pytest.raises(ValueError, match="event_retention_days"):
        Settings.from_env({"VITRINE_TABLE": "t", "VITRINE_EVENT_RETENTION_DAYS": "0"})
