"""The proxy fails as it says: each fault seen by a plain client that knows no retry."""

import http.client
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Counts, FaultProxy
from tests.faults.stage import Stage

BODY = b"{}"
TIMEOUT_S = 0.4
EXPECTED = {
    "hang": TimeoutError,
    "rst": ConnectionResetError,
    "half_close": http.client.IncompleteRead,
    "refuse": ConnectionRefusedError,
    "blackhole": TimeoutError,
}


@pytest.fixture(scope="module")
def proxy(stage: Stage) -> Iterator[FaultProxy]:
    """A proxy of this module's own, before the stage's backend."""
    with FaultProxy({"dynamodb": stage.backend.port}) as proxy:
        yield proxy


def ask(proxy: FaultProxy, line: http.client.HTTPConnection | None = None) -> tuple[int, bytes]:
    """Status and body of one call that the backend does not know, on a fresh connection if none is given."""
    line = line or http.client.HTTPConnection("127.0.0.1", proxy.ports["dynamodb"], timeout=TIMEOUT_S)
    try:
        line.request("POST", "/", BODY, {"x-amz-target": "x.Unknown"})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_fault_is_felt_and_ends(proxy: FaultProxy, fault: str) -> None:
    """Also on a connection that was there before; afterwards a fresh one works."""
    proxy.set("dynamodb", "pass")
    old = http.client.HTTPConnection("127.0.0.1", proxy.ports["dynamodb"], timeout=TIMEOUT_S)
    old.connect()
    proxy.set("dynamodb", fault)
    with pytest.raises(EXPECTED[fault]):
        ask(proxy)
    with pytest.raises((TimeoutError, ConnectionError, http.client.HTTPException)):
        ask(proxy, old)
    proxy.set("dynamodb", "pass")
    assert ask(proxy)[0] == 400


def test_answers_are_slowed_dripped_altered_or_replaced(proxy: FaultProxy) -> None:
    """The other faults leave the connection whole."""
    healthy = ask(proxy)
    proxy.set("dynamodb", "latency", ms=30, jitter_ms=5)
    assert ask(proxy) == healthy
    proxy.set("dynamodb", "drip", ms=1)
    assert ask(proxy) == healthy
    proxy.set("dynamodb", "corrupt")
    status, body = ask(proxy)
    assert (status, len(body), body != healthy[1]) == (400, len(healthy[1]), True)
    proxy.set("dynamodb", "throttle")
    assert b"ProvisionedThroughputExceeded" in ask(proxy)[1]
    proxy.set("dynamodb", "error500")
    assert ask(proxy)[0] == 500


def test_calls_are_counted_and_faults_befall_a_share(proxy: FaultProxy) -> None:
    """Half of 40 calls, within four standard errors."""
    proxy.set("dynamodb", "error500", share=0.5)
    proxy.counts("dynamodb")
    failed = sum(ask(proxy)[0] == 500 for _ in range(40))
    assert abs(failed - 20) < 4 * 40**0.5 / 2
    assert proxy.counts("dynamodb") == Counts(40, 40)
    assert proxy.counts("dynamodb") == Counts(0, 0)
