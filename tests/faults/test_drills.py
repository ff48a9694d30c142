"""Page views while dependencies fail, and afterwards: the short form of `make faults`, with RELIABILITY's controls.

It holds answers to be valid and honest, and times only to bounds that a busy machine keeps.
"""

from collections.abc import Iterator

import pytest

from tests.faults.drill import FAULTS, Plan, drill, warm_environment
from tests.faults.environment import Environment
from tests.faults.figures import Limits, Trouble
from tests.faults.forks import quiet
from tests.faults.stage import Stage

GENEROUS = Limits(p999_ms=1_500.0, max_ms=1_500.0, recovered_share=0.9, within_s=15.0, drift=4)
SHORT = Plan(requests=40, after=30, limits=GENEROUS)
HEALTHY = Trouble("dynamodb", "pass")


@pytest.fixture(scope="module")
def environment(stage: Stage) -> Iterator[Environment]:
    """One environment that lives through all faults."""
    with warm_environment(stage, HEALTHY) as environment:
        yield environment


@pytest.mark.parametrize("fault", ["pass", *FAULTS[:-1]])
def test_page_views_go_on_without_dynamodb(stage: Stage, environment: Environment, fault: str) -> None:
    """All answers are valid, say what they lack, leave the table alone; afterwards all is as it was."""
    assert drill(stage, environment, Trouble("dynamodb", fault), SHORT, quiet).misses == []


def test_page_views_go_on_without_a_name(stage: Stage) -> None:
    """The table's name does not resolve from the start, and then does."""
    nameless = Trouble("dynamodb", "unresolvable")
    with warm_environment(stage, nameless) as environment:
        assert drill(stage, environment, nameless, SHORT, quiet).misses == []


@pytest.mark.parametrize("fault", ["hang", "refuse", "throttle"])
def test_a_stream_that_is_down_costs_nobody_a_page(stage: Stage, environment: Environment, fault: str) -> None:
    """Answers are whole although their records are lost."""
    assert drill(stage, environment, Trouble("firehose", fault), SHORT, quiet).misses == []


@pytest.mark.parametrize(
    ("sabotage", "fault", "n", "after", "expected"),
    [
        ("deadline", "drip", 1, 0, "are not valid"),
        ("breaker", "refuse", 40, 0, "calls of the backend"),
        ("crc", "corrupt", 20, 0, "hide the fault"),
        ("probe", "rst", 40, 20, "personalised"),
    ],
)
def test_each_check_sees_its_sabotage(
    stage: Stage, sabotage: str, fault: str, n: int, after: int, expected: str
) -> None:
    """Negative controls: without deadline, breaker, checksum or its closing, the same drill fails, and says why."""
    plan = Plan(requests=n, after=after, limits=Limits(p999_ms=1_500.0, max_ms=1_500.0, within_s=2.0))
    trouble = Trouble("dynamodb", fault)
    with warm_environment(stage, trouble, sabotage) as environment:
        misses = drill(stage, environment, trouble, plan, quiet).misses
    assert any(expected in miss for miss in misses), misses
