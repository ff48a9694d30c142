"""The stream on Amazon Data Firehose, which writes what it gets as objects into the lake."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import SystemRandom
from typing import Final

from vitrine.adapters.aws import REQUEST, Client, MakeClient, client_maker, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.errors import DependencyFailed

DEPENDENCY: Final = "stream"
MAX_RECORDS: Final = 500  # PutRecordBatch's limits
MAX_BYTES: Final = 4 << 20
ATTEMPTS: Final = 4
PAUSE_S: Final = 0.05


class FirehoseStream:
    """ports.Stream on one delivery stream. A line feed is appended to each record, so that objects are JSON lines."""

    def __init__(
        self, name: str, *, make_client: MakeClient | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._name = name
        self._caller = DeadlineCaller(DEPENDENCY, make_client or client_maker("firehose", REQUEST))
        self._caller.warm()
        self._pause = pause
        self._jitter = SystemRandom()

    def reset(self) -> None:
        """Drop the client and its connections, as a restored snapshot has to."""
        self._caller.reset()
        self._caller.warm()

    def put(self, records: Sequence[bytes], timeout_s: float = 2.0) -> int:
        """See ports.Stream. Raises when nothing was taken or time ran out; records may arrive more than once."""
        if not records:
            return 0
        give_up = time.monotonic() + timeout_s
        return self._caller.finish(self._caller.start(partial(self._put_all, records, give_up)), timeout_s)

    def _put_all(self, records: Sequence[bytes], give_up: float, client: Client) -> int:
        lost, failure = 0, None
        for batch in _batches([record + b"\n" for record in records]):
            try:
                lost += self._put_batch(batch, give_up, client)
            except DependencyFailed as error:
                lost, failure = lost + len(batch), error
        if failure is not None and lost == len(records):
            raise failure
        return lost

    def _put_batch(self, batch: Sequence[bytes], give_up: float, client: Client) -> int:
        """Send a batch, and again what Firehose refuses of it while there is time; the number refused to the end."""
        for attempt in range(1, ATTEMPTS + 1):
            with vendor_errors(DEPENDENCY):
                response = client.put_record_batch(
                    DeliveryStreamName=self._name, Records=[{"Data": record} for record in batch]
                )
            if response["FailedPutCount"] == 0:
                return 0
            answers = response["RequestResponses"]
            batch = [record for record, answer in zip(batch, answers, strict=True) if "ErrorCode" in answer]
            if time.monotonic() >= give_up:
                break
            if attempt < ATTEMPTS:
                self._pause(self._jitter.uniform(0.0, PAUSE_S * 2.0**attempt))
        return len(batch)


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
