"""The table on DynamoDB.

Reads are what a page waits for: one attempt, a deadline outside botocore, what is left unread says so. Writes are
patient unless their client is made otherwise: several threads, and what DynamoDB leaves unprocessed is sent again with
growing pauses. A single replacement can have a deadline, too.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from random import SystemRandom
from typing import Any, Final, TypeAlias

from botocore.exceptions import ClientError

from vitrine.adapters.aws import ONE_ATTEMPT, PATIENT, Client, MakeClient, client_maker, error_code, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Attribute, Key, Row, Rows

Item: TypeAlias = dict[str, dict[str, Any]]
Found: TypeAlias = tuple[dict[Key, Row], list[Key]]

DEPENDENCY: Final = "table"
READ_BATCH: Final = 100  # BatchGetItem's limit
WRITE_BATCH: Final = 25  # BatchWriteItem's limit
WRITERS: Final = 8
WRITE_ATTEMPTS: Final = 10
READ_PAUSE_S: Final = 0.004  # doubled at each wave of UnprocessedKeys
WRITE_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 5.0
NONSENSE: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an answer raises when it is not of DynamoDB's form."""


class DynamoTable:
    """ports.Table on one DynamoDB table with string keys `pk` and `sk`."""

    def __init__(
        self,
        name: str,
        *,
        make_reader: MakeClient | None = None,
        make_writer: MakeClient | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._caller = DeadlineCaller(DEPENDENCY, make_reader or client_maker("dynamodb", ONE_ATTEMPT))
        self._writer = DeadlineCaller(DEPENDENCY, make_writer or client_maker("dynamodb", PATIENT))
        self._pause = pause
        self._jitter = SystemRandom()  # the system's: restored snapshots must not pause in step

    def warm(self, *, writes: bool = False) -> None:
        """Make the reading client, and the writing one if asked, so that the first request does not wait for it."""
        self._caller.warm()
        if writes:
            self._writer.warm()

    def reset(self) -> None:
        """Drop all clients and connections, as a restored snapshot has to."""
        self._caller.reset()
        self._writer.reset()

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table. A failed batch is not tried again; what DynamoDB left unprocessed is, while time is left."""
        give_up = time.monotonic() + timeout_s
        rows: dict[Key, Row | Absent] = dict.fromkeys(keys, Absent.NOT_READ)
        wanted, wave, failure = list(rows), 0, None
        while wanted and (wave == 0 or self._pause_before(wave, give_up)):
            wanted, failed = self._read_wave(wanted, rows, give_up, latest=latest)
            failure, wave = failed or failure, wave + 1
        if rows and all(row is Absent.NOT_READ for row in rows.values()):
            raise failure or DeadlineExceeded(DEPENDENCY, "all keys were left unprocessed")
        return rows

    def _pause_before(self, wave: int, give_up: float) -> bool:
        """Wait before asking again; whether there is still time to."""
        left = give_up - time.monotonic()
        self._pause(min(self._backoff(READ_PAUSE_S, wave), max(left, 0.0)))
        return time.monotonic() < give_up

    def _read_wave(
        self, wanted: Sequence[Key], rows: dict[Key, Row | Absent], give_up: float, *, latest: bool
    ) -> tuple[list[Key], DependencyFailed | None]:
        """Read all keys once, in parallel batches, into `rows`; the keys left unprocessed and the last failure."""
        batches = [wanted[at : at + READ_BATCH] for at in range(0, len(wanted), READ_BATCH)]
        calls = [self._caller.start(partial(self._get, batch, latest)) for batch in batches]
        unprocessed: list[Key] = []
        failure = None
        for batch, call in zip(batches, calls, strict=True):
            try:
                found, left = self._caller.finish(call, give_up - time.monotonic())
            except DependencyFailed as error:
                failure = error
                continue
            rows.update({key: found.get(key, Absent.MISSING) for key in batch})
            rows.update(dict.fromkeys(left, Absent.NOT_READ))
            unprocessed += left
        return unprocessed, failure

    def _get(self, keys: Sequence[Key], latest: bool, client: Client) -> Found:
        """One BatchGetItem: the rows found and the keys left unprocessed."""
        request = {"Keys": [_to_item(key, {}) for key in keys], "ConsistentRead": latest}
        try:
            with vendor_errors(DEPENDENCY):
                response = client.batch_get_item(RequestItems={self._name: request})
            left = response.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            return dict(map(_from_item, response["Responses"].get(self._name, []))), [_key(item) for item in left]
        except NONSENSE as error:
            raise DependencyFailed(DEPENDENCY, "its answer cannot be read") from error

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        return self._send((key, {"PutRequest": {"Item": _to_item(key, row)}}) for key, row in rows)

    def delete(self, keys: Iterable[Key]) -> int:
        """See ports.Table."""
        return self._send((key, {"DeleteRequest": {"Key": _to_item(key, {})}}) for key in keys)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table.

        False can also mean that our own first attempt arrived and its answer was lost: read again before merging.
        """
        if expected_rev is None:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        else:
            values = {":rev": _to_value(expected_rev)}
            condition = {"ConditionExpression": "rev = :rev", "ExpressionAttributeValues": values}
        put = partial(_if_allowed, "put_item", {"TableName": self._name, "Item": _to_item(key, row), **condition})
        if timeout_s is None:
            return put(self._writer.client())
        return self._writer.finish(self._writer.start(put), timeout_s)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table. One attempt, with the client that reads: a second could count twice."""
        if limit <= 0:  # DynamoDB would let the first of a missing row pass
            return False
        names, values = {"#used": "used"}, {":one": _to_value(1), ":limit": _to_value(limit)}
        if ttl is not None:
            names["#ttl"], values[":ttl"] = "ttl", _to_value(ttl)  # a reserved word
        request = {
            "TableName": self._name,
            "Key": _to_item(key, {}),
            "UpdateExpression": "ADD #used :one" if ttl is None else "SET #ttl = :ttl ADD #used :one",
            "ConditionExpression": "attribute_not_exists(#used) OR #used < :limit",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        update = partial(_if_allowed, "update_item", request)
        if timeout_s is None:
            return update(self._caller.client())
        return self._caller.finish(self._caller.start(update), timeout_s)

    def _send(self, requests: Iterable[tuple[Key, Mapping[str, Any]]]) -> int:
        """Write all requests with several threads; a bounded number of batches waits, so `requests` may be endless."""
        client = self._writer.client()
        source, n = iter(requests), 0
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(WRITERS, thread_name_prefix="vitrine-write") as pool:
            while batch := list(islice(source, WRITE_BATCH)):
                n += len(batch)
                if len(running) >= 2 * WRITERS:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    _raise_first(done)
                running.add(
                    pool.submit(self._send_batch, client, dict(batch))
                )  # DynamoDB refuses a key twice in a batch
            _raise_first(running)
        return n

    def _send_batch(self, client: Client, batch: Mapping[Key, Mapping[str, Any]]) -> None:
        requests = list(batch.values())
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            with vendor_errors(DEPENDENCY):
                response = client.batch_write_item(RequestItems={self._name: requests})
            requests = response.get("UnprocessedItems", {}).get(self._name, [])
            if not requests:
                return
            if attempt < WRITE_ATTEMPTS:
                self._pause(self._backoff(WRITE_PAUSE_S, attempt))
        raise DependencyFailed(DEPENDENCY, f"{len(requests)} writes were left unprocessed {WRITE_ATTEMPTS} times")

    def _backoff(self, first_s: float, attempt: int) -> float:
        """Pause before the next attempt: exponential with full jitter (AWS Architecture Blog, 2015)."""
        return self._jitter.uniform(0.0, min(first_s * 2.0**attempt, MAX_PAUSE_S))


def _if_allowed(operation: str, request: Mapping[str, Any], client: Client) -> bool:
    """One write; False when its condition failed."""
    with vendor_errors(DEPENDENCY):
        try:
            getattr(client, operation)(**request)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
    return True


def _raise_first(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()


def _to_value(value: Attribute) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}


def _to_item(key: Key, row: Row) -> Item:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}} | {name: _to_value(value) for name, value in row.items()}


def _key(item: Item) -> Key:
    return Key(item["pk"]["S"], item["sk"]["S"])


def _from_item(item: Item) -> tuple[Key, Row]:
    """Key and row of a stored item; raises KeyError or ValueError on a type that Vitrine never writes."""
    return _key(item), {name: _from_value(value) for name, value in item.items() if name not in ("pk", "sk")}


def _from_value(value: Mapping[str, Any]) -> Attribute:
    ((kind, raw),) = value.items()
    match kind:
        case "N":
            return int(raw)
        case "S" | "B" | "BOOL":
            attribute: Attribute = raw
            return attribute
    raise ValueError(kind)
