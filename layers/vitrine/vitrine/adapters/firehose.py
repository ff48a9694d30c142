"""The stream on Amazon Data Firehose, which writes what it gets as objects into the lake."""

import time
from collections.abc import Callable, Iterator, Sequence
from random import SystemRandom
from typing import Final

from vitrine.adapters.aws import PATIENT, MakeClient, client_maker, vendor_errors
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
        self._client = (make_client or client_maker("firehose", PATIENT))()
        self._pause = pause
        self._jitter = SystemRandom()

    def put(self, records: Sequence[bytes]) -> int:
        """See ports.Stream. Raises only when nothing was taken at all; records may arrive more than once."""
        lost, failure = 0, None
        for batch in _batches([record + b"\n" for record in records]):
            try:
                lost += self._put_batch(batch)
            except DependencyFailed as error:
                lost, failure = lost + len(batch), error
        if failure is not None and lost == len(records):
            raise failure
        return lost

    def _put_batch(self, batch: Sequence[bytes]) -> int:
        """Send a batch, and again what Firehose refuses of it; the number refused to the end."""
        for attempt in range(1, ATTEMPTS + 1):
            with vendor_errors(DEPENDENCY):
                response = self._client.put_record_batch(
                    DeliveryStreamName=self._name, Records=[{"Data": record} for record in batch]
                )
            if response["FailedPutCount"] == 0:
                return 0
            answers = response["RequestResponses"]
            batch = [record for record, answer in zip(batch, answers, strict=True) if "ErrorCode" in answer]
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
