"""Decision records on their way out."""

from collections.abc import Sequence

import pytest

from vitrine.adapters.memory import MemoryStream
from vitrine.errors import DependencyFailed
from vitrine.service.recorder import MIN_WAIT_S, QUIET_S, WAIT_S, Recorder


class Asked(MemoryStream):
    """A stream that keeps how long it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.timeouts_s: list[float] = []

    def put(self, records: Sequence[bytes], timeout_s: float = 2.0) -> int:
        """As in memory."""
        self.timeouts_s.append(timeout_s)
        return super().put(records, timeout_s)


def test_a_record_is_handed_over_before_the_answer_goes() -> None:
    """The usual case: taken at once."""
    stream = MemoryStream()
    recorder = Recorder(stream)
    recorder.record(b"1", 1.0)
    recorder.record(b"2", 1.0)
    assert (stream.records, recorder.lost) == ([b"1", b"2"], 0)


@pytest.mark.parametrize("stream", [MemoryStream(outage=DependencyFailed("stream", "down")), MemoryStream(refuse=1)])
def test_what_the_stream_does_not_take_is_counted_and_said(
    stream: MemoryStream, caplog: pytest.LogCaptureFixture
) -> None:
    """A lost record raises nothing, but it does not vanish in silence."""
    recorder = Recorder(stream)
    recorder.record(b"1", 1.0)
    assert recorder.lost == 1
    assert "1 decision record(s) lost" in caplog.text


@pytest.mark.parametrize(("left_s", "given_s"), [(1.0, WAIT_S), (0.01, 0.01), (MIN_WAIT_S, MIN_WAIT_S)])
def test_the_stream_gets_no_more_time_than_there_is(left_s: float, given_s: float) -> None:
    """Of a request with much time left a record takes little."""
    stream = Asked()
    Recorder(stream).record(b"1", left_s)
    assert stream.timeouts_s == [given_s]


@pytest.mark.parametrize("left_s", [0.001, 0.0, -1.0])
def test_without_time_left_nothing_is_sent(left_s: float) -> None:
    """The answer is late already, and that record is lost and counted."""
    stream = Asked()
    recorder = Recorder(stream)
    recorder.record(b"1", left_s)
    assert (stream.timeouts_s, recorder.lost) == ([], 1)


def test_a_stream_that_is_down_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The first loss is told, then once a minute how many there were."""
    now_s = [5.0]
    recorder = Recorder(MemoryStream(outage=DependencyFailed("stream", "down")), lambda: now_s[0])
    for at_s in (0.0, 1.0, QUIET_S - 1, QUIET_S, QUIET_S + 1):
        now_s[0] = 5.0 + at_s
        recorder.record(b"1", 1.0)
    assert recorder.lost == 5
    assert [message.split(",")[0] for message in caplog.messages] == [
        "1 decision record(s) lost (1 so far)",
        "3 decision record(s) lost (4 so far)",
    ]
