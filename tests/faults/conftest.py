"""One stage for all short tests of this folder: a backend, the proxy before it, and how to start environments."""

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, open_stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The stage; a test that leaves a fault behind is followed by one that heals it."""
    with open_stage() as stage:
        yield stage
