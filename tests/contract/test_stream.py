"""The contract of ports.Stream, in memory and on Firehose; what Firehose refuses is counted."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Self

import pytest

from tests.contract.local_stack import account, free_port, maker
from tests.contract.rough_server import Caller, Manner, RoughServer, hang, says, throttles
from vitrine.adapters.aws_service import MAX_LATE
from vitrine.adapters.firehose import ATTEMPTS, FirehoseStream
from vitrine.adapters.memory import MemoryStream
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import DependencyFailed

TAKEN = {"RecordId": "r"}
REFUSED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}


@pytest.mark.stack
def test_records_arrive_as_json_lines_in_the_lake(stack: str, new_bucket: Callable[[], str]) -> None:
    """Each record ends with a line feed, so that objects can be joined and read line by line."""
    bucket = new_bucket()
    maker("firehose", stack)().create_delivery_stream(
        DeliveryStreamName="events",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/firehose",
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": "events/raw/",
        },
    )
    stream = FirehoseStream("events", account(stack))
    assert stream.put([b'{"n":1}', b'{"n":2}']) == 0
    objects = S3Objects(bucket, make_client=maker("s3", stack))
    lines = b"".join(objects.get(name) or b"" for name in objects.names("events/raw/")).splitlines()
    assert sorted(json.loads(line)["n"] for line in lines) == [1, 2]


def test_nothing_to_put_is_no_call() -> None:
    """An empty hand-over asks nobody."""
    assert FirehoseStream("s", account("http://127.0.0.1:9")).put([]) == 0
    assert MemoryStream().put([]) == 0


Hand = Callable[..., FirehoseStream]


@pytest.fixture
def stream() -> Iterator[Hand]:
    """Makes a stream on a server with these manners, which does not sleep between attempts."""
    with ExitStack() as stack:

        def make(*manners: Manner) -> FirehoseStream:
            server = stack.enter_context(RoughServer(*manners))
            return FirehoseStream("s", account(server.address), pause=lambda _: None)

        yield make


def answer(*told: dict[str, str]) -> Manner:
    """Firehose's answer to so many records."""
    return says({"FailedPutCount": sum("ErrorCode" in one for one in told), "RequestResponses": told})


def test_refused_records_are_sent_again(stream: Hand) -> None:
    """Only what was refused, until it is taken."""
    assert stream(answer(TAKEN, REFUSED), answer(TAKEN)).put([b"a", b"b"]) == 0


def test_records_refused_to_the_end_are_counted(stream: Hand) -> None:
    """The caller learns how many the lake does not have."""
    again = stream(answer(REFUSED, TAKEN, REFUSED), *[answer(REFUSED, REFUSED)] * (ATTEMPTS - 1))
    assert again.put([b"a", b"b", b"c"]) == 2


def test_a_stream_that_takes_nothing_fails(stream: Hand) -> None:
    """Nothing at all taken is an error, not a count."""
    with pytest.raises(DependencyFailed, match="ResourceNotFoundException"):
        stream(throttles("ResourceNotFoundException")).put([b"a"])


def test_a_moment_of_trouble_is_passed_over(stream: Hand) -> None:
    """One more attempt, and no third."""
    assert stream(throttles(), answer(TAKEN)).put([b"a"]) == 0
    with pytest.raises(DependencyFailed, match="ThrottlingException"):
        stream(throttles(), throttles(), answer(TAKEN)).put([b"a"])


def test_a_later_batch_that_fails_is_counted(stream: Hand) -> None:
    """What the first call took stays taken."""
    assert stream(answer(*[TAKEN] * 500), throttles()).put([b"x"] * 501) == 1


def test_large_records_make_smaller_batches(stream: Hand) -> None:
    """No call is above the 4 MiB that Firehose takes."""
    assert stream(answer(TAKEN), answer(TAKEN)).put([b"x" * (3 << 20)] * 2, 10.0) == 0


@pytest.mark.parametrize("told", [{}, {"FailedPutCount": 1}, {"FailedPutCount": 1, "RequestResponses": []}])
def test_an_answer_of_another_form_is_a_failure(stream: Hand, told: object) -> None:
    """Nobody counts records as taken that may not be."""
    with pytest.raises(DependencyFailed, match="cannot be read"):
        stream(says(told)).put([b"a"])


class Late:
    """A stream that may finish beside what is not answered in time, on a server that is slow at first."""

    def __init__(self, *manners: Manner, late_s: float = 5.0) -> None:
        self.server = RoughServer(*manners)
        self.stream = FirehoseStream("s", account(self.server.address), late_s=late_s, pause=lambda _: None)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *about: object) -> None:
        self.server.__exit__(*about)


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true within some seconds."""
    ends = time.monotonic() + 8.0
    while time.monotonic() < ends and not is_so():
        time.sleep(0.01)
    return is_so()


def lookouts() -> int:
    """Threads that finish what nobody waits for."""
    return sum(thread.name == "vitrine-late" for thread in threading.enumerate())


def test_a_slow_hand_over_goes_on_when_the_page_has_left() -> None:
    """It is sent once, its connection is used again, and no thread stays."""
    go = threading.Event()

    def slow(caller: Caller) -> None:
        go.wait(5.0)
        answer(TAKEN)(caller)

    with Late(slow, answer(TAKEN)) as late:
        started = time.monotonic()
        assert late.stream.put([b"1"], 0.03) == 0
        assert time.monotonic() - started < 3
        go.set()
        assert eventually(lambda: lookouts() == 0)
        assert late.stream.put([b"2"], 2.0) == 0
        assert (late.server.accepted, len(late.server.requests)) == (1, 2)


def test_few_hand_overs_go_on_at_a_time(caplog: pytest.LogCaptureFixture) -> None:
    """A stream that hangs gathers neither threads nor records; that nobody heard is said."""
    with Late(hang, late_s=2.0) as late:
        for _ in range(MAX_LATE):
            assert late.stream.put([b"1"], 0.01) == 0
        for _ in range(20):
            with pytest.raises(DependencyFailed, match="still on their way"):
                late.stream.put([b"1"], 0.01)
        assert eventually(lambda: lookouts() == len(late.server.requests) == MAX_LATE)
        assert eventually(lambda: lookouts() == 0)
    assert "did not answer within 2.0 s" in caplog.text


def test_a_stream_that_is_down_is_a_failure_also_of_late_ones() -> None:
    """Only what is on its way counts as taken."""
    stream = FirehoseStream("s", account(f"http://127.0.0.1:{free_port()}"), late_s=1.0, pause=lambda _: None)
    with pytest.raises(DependencyFailed, match="nobody answers"):
        stream.put([b"1"], 0.5)


def test_nothing_is_tried_again_while_a_page_waits() -> None:
    """Neither what failed nor what was refused, and a stream that is left alone costs no time at all."""
    with Late(*[throttles()] * 5) as late:
        pauses: list[float] = []
        late.stream._pause = pauses.append
        for _ in range(50):
            with pytest.raises(DependencyFailed):
                late.stream.put([b"1"], 0.5)
        assert (len(late.server.requests), pauses) == (5, [])
    with Late(answer(REFUSED)) as late:
        assert late.stream.put([b"1"], 0.5) == 1
        assert len(late.server.requests) == 1
