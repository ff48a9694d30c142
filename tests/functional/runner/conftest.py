"""The local runner with a template of its own: real children under awslambdaric, a real emulator, real HTTP."""

from collections.abc import Iterator

import pytest

from tests.functional.runner.calls import TEMPLATE, Lines, is_alive
from vitrine.local.stack import LocalStack


@pytest.fixture(scope="package")
def lines() -> Lines:
    """The log of the stack below."""
    return Lines()


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, lines: Lines) -> Iterator[LocalStack]:
    """The fixture template, running; afterwards none of its processes is left."""
    state = tmp_path_factory.mktemp("runner")
    with LocalStack(TEMPLATE, state, log=lambda name, line: lines.append((name, line))) as running:
        yield running
        pids = running.pids()
    assert len(pids) >= 2  # the emulator and whatever functions were asked: one test may be run by itself
    assert not [pid for pid in pids if is_alive(pid)]
