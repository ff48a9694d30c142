"""What several functional tests start from."""

import pytest

from tests.functional.collect_rig import Rig
from tests.functional.shop_rig import Counter, open_counter


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The collect handler wired to memory, at a fixed instant."""
    rig = Rig()
    service = rig.service()
    monkeypatch.setattr(rig.module, "service", lambda: service)
    return rig


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """The demo shop over a small catalogue; who changes its table puts back what was there."""
    return open_counter(tmp_path_factory.mktemp("shop"))
