"""The stream on Amazon Data Firehose, which writes what it gets as objects into the lake."""

import time
from collections.abc import Callable, Iterator, Sequence
from random import SystemRandom
from typing import Final

import orjson
from pybase64 import b64encode

from vitrine.adapters.aws_account import AwsAccount
from vitrine.errors import DeadlineExceeded, DependencyFailed, LeftAlone

DEPENDENCY: Final = "stream"
TARGET: Final = "Firehose_20150804.PutRecordBatch"
VERSION: Final = "1.1"
MAX_RECORDS: Final = 500  # PutRecordBatch's limits
MAX_BYTES: Final = 4 << 20
ATTEMPTS: Final = 4
FAILED_ATTEMPTS: Final = 2
PAUSE_S: Final = 0.05


class FirehoseStream:
    """ports.Stream on one delivery stream. A line feed is appended to each record, so that objects are JSON lines."""

    def __init__(
        self, name: str, aws: AwsAccount, *, late_s: float = 0.0, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """With `late_s` a page waits. A hand-over that has no answer when its time is up goes on beside for so long
        and counts as taken, for PutRecordBatch takes tens of milliseconds; and nothing is tried again."""
        self._begin = orjson.dumps({"DeliveryStreamName": name})[:-1] + b',"Records":[{"Data":"'
        self._late_s = late_s
        self._lost_late = 0
        self._attempts = 1 if late_s else ATTEMPTS
        self._service = aws.service("firehose", DEPENDENCY)
        self._pause = pause

    def put(self, records: Sequence[bytes], timeout_s: float = 2.0) -> int:
        """See ports.Stream. Raises when nothing was taken or time ran out; records may arrive more than once.

        Records that were handed over late before this, and did not arrive, are counted with these.
        """
        ends_s = time.monotonic() + timeout_s
        lost, failure = 0, None
        for batch in _batches([record + b"\n" for record in records]):
            try:
                lost += self._put_batch(batch, ends_s)
            except DependencyFailed as error:
                lost, failure = lost + len(batch), error
        if failure is not None and lost == len(records):
            raise failure
        lost_late, self._lost_late = self._lost_late, 0
        return lost + lost_late

    def _put_batch(self, batch: Sequence[bytes], ends_s: float) -> int:
        """Send a batch, and again what Firehose refuses of it while there is time; the number refused to the end."""
        for attempt in range(1, self._attempts + 1):
            try:
                batch = self._send(batch, ends_s - time.monotonic())
            except DeadlineExceeded:
                if self._late_s:
                    return 0
                raise
            except LeftAlone:
                raise
            except DependencyFailed:
                if attempt >= min(FAILED_ATTEMPTS, self._attempts) or time.monotonic() >= ends_s:
                    raise
            left_s = ends_s - time.monotonic()
            if not batch or left_s <= 0:
                break
            if attempt < self._attempts:
                self._pause(min(SystemRandom().uniform(0.0, PAUSE_S * 2.0**attempt), left_s))
        return len(batch)

    def _send(self, batch: Sequence[bytes], timeout_s: float) -> Sequence[bytes]:
        """One call; the records it refused."""
        body = self._begin + b'"},{"Data":"'.join([b64encode(record) for record in batch]) + b'"}]}'

        def refused(answer: bytes) -> Sequence[bytes]:
            said = orjson.loads(answer)
            if said["FailedPutCount"] == 0:
                return ()
            told = zip(batch, said["RequestResponses"], strict=True)
            return [record for record, one in told if "ErrorCode" in one]

        def hear_late(done: Sequence[bytes] | None) -> None:
            self._lost_late += len(batch) if done is None else len(done)

        return self._service.post(TARGET, VERSION, body, timeout_s, read=refused, late_s=self._late_s, hear=hear_late)


def _batches(records: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Records in batches that one call takes."""
    batch: list[bytes] = []
    size = 0
    for record in records:
        if batch and (len(batch) == MAX_RECORDS or size + len(record) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += len(record)
    if batch:
        yield batch
