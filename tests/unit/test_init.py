"""What is done at INIT and after a restore."""

import logging

import pytest
import snapshot_restore_py

from vitrine.errors import DependencyFailed
from vitrine.wiring.init import at_init, on_restore


def restore() -> None:
    """What Lambda's runtime client does after a restore, with what was registered since the last time."""
    registered = snapshot_restore_py.get_after_restore()
    for callback, arguments, named in registered:
        callback(*arguments, **named)
    registered.clear()


@pytest.fixture(autouse=True)
def no_leftovers() -> None:
    """Other tests may have built services that registered theirs."""
    snapshot_restore_py.get_after_restore().clear()


def test_callbacks_run_after_a_restore_in_their_order() -> None:
    """Not before: at INIT nothing was shared yet."""
    done: list[str] = []
    on_restore(lambda: done.append("reset"), lambda: done.append("read anew"))
    assert done == []
    restore()
    assert done == ["reset", "read anew"]


def test_a_failed_dependency_does_not_stop_a_restore(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is done, the fault is told, and the environment serves."""
    done: list[str] = []

    def fail() -> None:
        raise DependencyFailed("table", "down")

    on_restore(fail, lambda: done.append("next"))
    restore()
    assert done == ["next"]
    assert "table: down" in caplog.text


def test_at_init_builds_in_lambda_only(caplog: pytest.LogCaptureFixture) -> None:
    """On a laptop an import stays an import; in Lambda a dependency that is down is left to the first request."""
    built: list[str] = []

    def build() -> None:
        built.append("built")
        raise DependencyFailed("secret", "down")

    at_init(build, {})
    assert built == []
    level = logging.getLogger("botocore").level
    at_init(build, {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"})
    logging.getLogger("botocore").setLevel(level)
    assert built == ["built"]
    assert "secret: down" in caplog.text
