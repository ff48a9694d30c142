"""Decision records on their way out."""

from collections.abc import Sequence
from threading import Event

import pytest

from vitrine.adapters.memory import MemoryStream
from vitrine.errors import DependencyFailed
from vitrine.service.recorder import Recorder


class Hanging(MemoryStream):
    """A stream that takes nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = Event()

    def put(self, records: Sequence[bytes]) -> int:
        """Wait for the release."""
        self.released.wait(10)
        return super().put(records)


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
    assert "record was lost" in caplog.text


def test_a_hanging_stream_holds_one_record_and_no_queue() -> None:
    """While one is stuck the others are dropped; afterwards recording goes on."""
    stream = Hanging()
    recorder = Recorder(stream)
    for n in range(20):
        recorder.record(b"%d" % n, 0.0)
    assert recorder.lost == 19
    stream.released.set()
    while not stream.records:
        pass
    while recorder._under_way is not None and not recorder._under_way.done():
        pass
    recorder.record(b"after", 1.0)
    assert stream.records == [b"0", b"after"]
