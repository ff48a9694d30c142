"""What several functional tests start from."""

import pytest

from tests.functional.collect_rig import Rig


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The collect handler wired to memory, at a fixed instant."""
    rig = Rig()
    service = rig.service()
    monkeypatch.setattr(rig.module, "service", lambda: service)
    return rig
