"""The contract of ports.Queue, in memory and on SQS."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.contract.conftest import SHAPES
from tests.contract.local_stack import maker
from tests.contract.stubs import stubbed
from vitrine.adapters.memory_outreach import MemoryQueue
from vitrine.adapters.queue_sqs import MAX_BYTES, SqsQueue
from vitrine.errors import DependencyFailed
from vitrine.ports import Letter, Queue

NUMBERS = count()


@pytest.fixture
def queue_on_stack(stack: str) -> SqsQueue:
    """A fresh queue on the local stack."""
    make = maker("sqs", stack)
    url = make().create_queue(QueueName=f"q-{next(NUMBERS)}", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    return SqsQueue(url, make)


@pytest.fixture(params=SHAPES)
def queue(request: pytest.FixtureRequest) -> Queue:
    """An empty queue of each shape."""
    return MemoryQueue() if request.param == "memory" else request.getfixturevalue("queue_on_stack")


def test_what_is_sent_is_received_until_it_is_deleted(queue: Queue) -> None:
    """More than one batch, in any order; received ones are hidden and no longer counted."""
    bodies = {b'{"person":"%d"}' % n for n in range(23)}
    assert queue.send(sorted(bodies)) == 0
    assert queue.depth() == 23
    letters = queue.receive(30)
    assert {letter.body for letter in letters} == bodies
    assert {letter.n_received for letter in letters} == {1}
    assert queue.receive(5) == []
    assert queue.delete(letters) == 0
    assert queue.depth() == 0


def test_no_more_is_received_than_asked_for(queue: Queue) -> None:
    """The rest waits."""
    queue.send([b"1", b"2", b"3", b"4"])
    assert len(queue.receive(3)) == 3
    assert queue.depth() == 1


def test_nothing_is_no_call(queue: Queue) -> None:
    """Nothing sent, nothing deleted, nothing wanted."""
    assert (queue.send([]), queue.delete([]), queue.receive(0)) == (0, 0, [])


def test_text_beyond_ascii_comes_back(queue: Queue) -> None:
    """Bodies are UTF-8."""
    queue.send(["Молоко".encode()])
    assert [letter.body.decode() for letter in queue.receive(1)] == ["Молоко"]


def test_in_memory_what_is_not_deleted_comes_back() -> None:
    """As after the visibility timeout, and it is counted."""
    queue = MemoryQueue(refuse=1)
    assert queue.send([b"refused", b"a"]) == 1
    queue.receive(1)
    queue.show()
    assert [letter.n_received for letter in queue.receive(1)] == [2]
    with pytest.raises(DependencyFailed):
        MemoryQueue(outage=DependencyFailed("queue", "away")).depth()


def answer(good: list[str], bad: list[str]) -> dict[str, object]:
    """SQS's answer to a batch."""
    return {
        "Successful": [{"Id": id_, "MessageId": "m", "MD5OfMessageBody": "0" * 32} for id_ in good],
        "Failed": [{"Id": id_, "SenderFault": False, "Code": "InternalError"} for id_ in bad],
    }


Make = Callable[..., SqsQueue]


@pytest.fixture
def stubbed_queue() -> Make:
    """Makes a queue whose answers a test writes."""

    def make(operation: str, *answers: dict[str, object] | str) -> SqsQueue:
        client = stubbed("sqs", operation, answers)
        # the sums are of what a test does not send
        client.meta.events.unregister("after-call.sqs.SendMessageBatch")
        return SqsQueue("http://127.0.0.1:9/0/q", lambda: client)

    return make


def test_what_is_refused_is_sent_once_more(stubbed_queue: Make) -> None:
    """And counted, if it is refused again."""
    queue = stubbed_queue("send_message_batch", answer(["0"], ["1", "2"]), answer(["0"], ["1"]))
    assert queue.send([b"a", b"b", b"c"]) == 1


def test_batches_keep_to_their_size(stubbed_queue: Make) -> None:
    """Three large messages are two calls, the second of which fails: one is not taken."""
    queue = stubbed_queue("send_message_batch", answer(["0", "1"], []), "InternalError")
    assert queue.send([b"x" * (MAX_BYTES // 2)] * 3) == 1


def test_an_outage_that_takes_all_is_raised(stubbed_queue: Make) -> None:
    """Nothing at all taken is an error, not a count."""
    with pytest.raises(DependencyFailed, match="AccessDenied"):
        stubbed_queue("send_message_batch", "AccessDenied").send([b"a"])


def test_deletions_that_fail_are_counted(stubbed_queue: Make) -> None:
    """After a second attempt; such a message will be received again."""
    queue = stubbed_queue("delete_message_batch", answer([], ["0"]), answer([], ["0"]))
    assert queue.delete([Letter(b"a", "r")]) == 1
