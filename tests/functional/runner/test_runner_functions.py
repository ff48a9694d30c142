"""How the runner keeps functions' environments: reused, limited in number, ended when they fail."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functional.runner.calls import Lines, eventually, get, is_alive
from vitrine.local.stack import LocalStack


def test_environment_is_reused_while_warm(stack: LocalStack) -> None:
    """The second request meets the same process, which remembers the first."""
    _, first = get(stack, "/echo/1")
    _, second = get(stack, "/echo/1")
    assert (second["pid"], second["count"]) == (first["pid"], first["count"] + 1)


@pytest.mark.parametrize("kind", ["slow", "raise", "exit", "large", "nonsense"])
def test_fault_of_a_handler_is_an_internal_error(stack: LocalStack, kind: str) -> None:
    """Timeout, exception, exit, oversized and malformed results are 500, and the next request works."""
    assert get(stack, f"/faults/{kind}") == (500, {"message": "Internal Server Error"})
    assert get(stack, "/faults/none")[0] == 200


def test_timeout_kills_the_child(stack: LocalStack) -> None:
    """The caller of an invocation learns of the timeout, and the process is gone."""
    _, before = get(stack, "/faults/none")
    outcome = stack.invoke("FaultsFunction", {"pathParameters": {"kind": "slow"}})
    assert outcome.failed
    assert "Task timed out after 1.00 seconds" in json.loads(outcome.payload)["errorMessage"]
    assert not is_alive(before["pid"])


def test_exception_is_logged_under_its_functions_name(stack: LocalStack, lines: Lines) -> None:
    """The traceback of a child is shown line by line."""
    get(stack, "/faults/raise")
    assert eventually(lambda: any("ValueError: on purpose" in line for line in lines.of("FaultsFunction")))


def test_function_that_does_not_load(stack: LocalStack) -> None:
    """An init error is a 500 for the caller and an error with its type for `invoke`."""
    assert get(stack, "/broken") == (500, {"message": "Internal Server Error"})
    outcome = stack.invoke("BrokenFunction", {})
    assert outcome.failed
    assert json.loads(outcome.payload)["errorType"] == "RuntimeError"


def test_two_invocations_run_at_once_and_a_third_waits(stack: LocalStack) -> None:
    """Six requests meet exactly two processes, the concurrency of this machine."""
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: get(stack, "/faults/nap"), range(6)))
    assert {status for status, _ in answers} == {200}
    assert len({answer["pid"] for _, answer in answers}) == 2
