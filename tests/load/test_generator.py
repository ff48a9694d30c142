"""The generator keeps its schedule, counts from the intended instant, and says what it did not send or get in time."""

import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.bench.harness import BenchFailed
from tests.load.arrivals import arrivals, burst
from tests.load.samples import quantiles
from tests.load.small_rig import small_rig
from tests.load.steps import Plan, climb

QUICK = "import json\ndef handler(event, context): return json.loads(ANSWER)\n"
STALLS_ONCE = """
import json, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if calls == 200:
        time.sleep(1)
    return json.loads(ANSWER)
"""
SLOW = "import json, time\ndef handler(event, context): time.sleep(0.2); return json.loads(ANSWER)\n"
CRASHES_ONCE = """
import json, os
def handler(event, context):
    if not os.path.exists(__file__ + ".ran"):
        open(__file__ + ".ran", "w").close()
        os._exit(3)
    return json.loads(ANSWER)
"""


def silent(*_: object) -> None:
    """Progress that nobody wants to see."""


def test_everything_is_sent_and_read(tmp_path: Path) -> None:
    """Each request has a valid answer, times in their order, and its stages."""
    with small_rig(tmp_path, QUICK) as rig:
        samples = rig.drive(arrivals("poisson", 100, 1.0, 1), "test", silent)
        (state,) = rig.states()
    assert samples.n_invalid() == 0, samples.faults
    assert (samples.done >= samples.sent).all()
    assert (samples.sent >= samples.intended).all()
    assert set(samples.stages["read"].tolist()) == {1.5}
    assert state.served == len(samples)
    assert state.rss > 0


def test_a_stall_is_in_the_tail(tmp_path: Path) -> None:
    """Whoever was meant to come while the subject stood still has waited, though only one request met the stall.

    With a single connection nothing is sent meanwhile: counted from the real send, the stall would be one sample.
    """
    with small_rig(tmp_path, STALLS_ONCE, connections=1) as rig:
        samples = rig.drive(arrivals("constant", 200, 3.0, 1), "test", silent)
    from_sent_ms = (samples.done - samples.sent) * 1000
    assert quantiles(samples.latency_ms())["p99"] >= 900
    assert int((samples.latency_ms() > 500).sum()) >= 80
    assert int((from_sent_ms > 500).sum()) <= 3  # what coordinated omission would leave of it
    assert samples.late().sum() >= 80


def test_a_late_subject_does_not_keep_its_rate(tmp_path: Path) -> None:
    """Negative control of the steps: a handler that takes longer than the deadline keeps no rate."""
    with small_rig(tmp_path, SLOW) as rig:
        (step,) = climb(rig, Plan("constant", 1.0, rates=[2.0], warm_up=1), silent)
    assert step.ms["p50"] >= 200
    assert not step.is_kept


def test_an_invalid_answer_ends_the_steps(tmp_path: Path) -> None:
    """Negative control: figures of a subject that answers nonsense are not printed; its answer and log are shown."""
    with (
        small_rig(tmp_path, "def handler(event, context): return {'statusCode': 200, 'body': '{}'}\n") as rig,
        pytest.raises(BenchFailed, match="2 of 2 requests had no valid answer"),
    ):
        climb(rig, Plan(rates=[1.0], warm_up=2), silent)


def test_an_environment_that_ends_is_replaced(tmp_path: Path) -> None:
    """The request that met the crash gets 500, which is not valid; the others are served by a new environment."""
    with small_rig(tmp_path, CRASHES_ONCE) as rig:
        samples = rig.drive(burst(5), "test", silent)
    assert any("status 500" in fault for fault in samples.faults)
    assert samples.valid.sum() == 4


def test_a_handler_that_does_not_load_is_told(tmp_path: Path) -> None:
    """The error of its import is in the message."""
    with pytest.raises(BenchFailed, match="no such thing"), small_rig(tmp_path, "raise ImportError('no such thing')\n"):
        pass


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """After the block the environment has ended and the port is free."""
    with small_rig(tmp_path, QUICK) as rig:
        (state,) = rig.states()
        port = urlsplit(rig.url).port
        assert port is not None
    give_up = time.monotonic() + 5
    while is_alive(state.pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not is_alive(state.pid)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def is_alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_arrivals_have_their_rate() -> None:
    """Poisson arrivals are as many as wanted within four standard errors, with gaps as irregular as theirs are."""
    times = arrivals("poisson", 200, 100, seed=3)
    assert abs(len(times) - 20_000) <= 4 * np.sqrt(20_000)
    assert (np.diff(times) >= 0).all()
    assert times[-1] < 100
    gaps = np.diff(times)
    assert abs(gaps.std() / gaps.mean() - 1) <= 4 / np.sqrt(len(gaps))
    assert (times == arrivals("poisson", 200, 100, seed=3)).all()


def test_constant_arrivals_are_evenly_spread() -> None:
    """One each 1 / rate seconds."""
    assert arrivals("constant", 4, 2, seed=1).tolist() == [0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
