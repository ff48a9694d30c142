"""Many writes to one DynamoDB table: batches of 25, several at once, at a pace, until none is left unprocessed.

What DynamoDB leaves unprocessed, or refuses because it is throttled, is sent again with growing pauses. The pace
counts write units; the answer says how many a batch took, and where it does not (some emulators), the weight of the
rows does.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from random import SystemRandom
from typing import Any, Final, TypeAlias

from botocore.exceptions import ClientError

from vitrine.adapters.aws import Client, error_code, vendor_errors
from vitrine.adapters.dynamodb_items import to_item, write_units
from vitrine.adapters.dynamodb_requests import DEPENDENCY
from vitrine.adapters.pace import Pace
from vitrine.errors import DependencyFailed
from vitrine.types import Key, Row

Request: TypeAlias = Mapping[str, Mapping[str, Any]]
Pause: TypeAlias = Callable[[float], None]

WRITE_BATCH: Final = 25  # BatchWriteItem's limit
WRITERS: Final = 8
WRITE_ATTEMPTS: Final = 10
WRITE_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 5.0
THROTTLED: Final = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}


class BatchWriter:
    """Puts and deletes items of one table. Safe to use from several threads, which share the pace."""

    def __init__(self, table: str, units_per_s: float | None, pause: Pause = time.sleep) -> None:
        """A writer that takes at most so many write units a second; None for as many as the table gives."""
        self._table = table
        self._pause = pause
        self._pace = None if units_per_s is None else Pace(units_per_s, pause=pause)
        self._jitter = SystemRandom()  # the system's: restored snapshots must not pause in step

    def put(self, rows: Iterable[tuple[Key, Row]], client: Client) -> int:
        """Put all rows; how many."""
        return self._send(((key, {"PutRequest": {"Item": to_item(key, row)}}) for key, row in rows), client)

    def delete(self, keys: Iterable[Key], client: Client) -> int:
        """Delete the rows of all keys, present or not; how many keys."""
        return self._send(((key, {"DeleteRequest": {"Key": to_item(key, {})}}) for key in keys), client)

    def _send(self, requests: Iterable[tuple[Key, Request]], client: Client) -> int:
        """Send all requests with several threads; a bounded number of batches waits, so `requests` may be endless."""
        source, n = iter(requests), 0
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="vitrine-write") as pool:
            while batch := list(islice(source, WRITE_BATCH)):
                n += len(batch)
                if len(running) >= 2 * WRITERS:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    _raise_first(done)
                once = dict(batch)  # DynamoDB refuses a key twice in a batch
                running.add(pool.submit(self._send_batch, client, list(once.values())))
            _raise_first(running)
        return n

    def _send_batch(self, client: Client, requests: Sequence[Request]) -> None:
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            requests = self._send_once(client, requests)
            if not requests:
                return
            if attempt < WRITE_ATTEMPTS:
                self._pause(backoff_s(self._jitter, WRITE_PAUSE_S, attempt))
        raise DependencyFailed(DEPENDENCY, f"{len(requests)} writes were left unprocessed {WRITE_ATTEMPTS} times")

    def _send_once(self, client: Client, requests: Sequence[Request]) -> Sequence[Request]:
        """One call, when the pace allows it; the requests that were left unprocessed."""
        taken = float(sum(map(_units, requests))) if self._pace else 0.0
        if self._pace:
            self._pace.take(taken)
        response = self._call(client, requests)
        left: Sequence[Request] = response.get("UnprocessedItems", {}).get(self._table, [])
        if self._pace:
            sent_units = taken - sum(map(_units, left))
            self._pace.settle(taken, _consumed(response, otherwise=sent_units))
        return left

    def _call(self, client: Client, requests: Sequence[Request]) -> Mapping[str, Any]:
        """DynamoDB's answer; one that left all unprocessed, where it is throttled beyond the client's own patience."""
        items = {self._table: requests}
        with vendor_errors(DEPENDENCY):
            try:
                answer: Mapping[str, Any] = client.batch_write_item(
                    RequestItems=items, ReturnConsumedCapacity="TOTAL" if self._pace else "NONE"
                )
            except ClientError as error:
                if error_code(error) not in THROTTLED:
                    raise
                return {"UnprocessedItems": items}
        return answer


def backoff_s(jitter: SystemRandom, first_s: float, attempt: int) -> float:
    """Pause before the next attempt: exponential with full jitter (AWS Architecture Blog, 2015)."""
    return jitter.uniform(0.0, min(first_s * 2.0**attempt, MAX_PAUSE_S))


def _units(request: Request) -> int:
    """Write units that a request will take, as far as it tells; the row that a deletion removes is not known."""
    return write_units(request["PutRequest"]["Item"]) if "PutRequest" in request else 1


def _consumed(response: Mapping[str, Any], otherwise: float) -> float:
    """Write units that the answer says were taken."""
    told = response.get("ConsumedCapacity")
    return sum(float(part["CapacityUnits"]) for part in told) if told else otherwise


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()
