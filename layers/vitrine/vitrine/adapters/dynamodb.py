"""The table on DynamoDB.

Reads are what a page waits for: one attempt, a deadline outside botocore, what is left unread says so. Writes of many
rows are patient (see `dynamodb_writes`); a single replacement can have a deadline, too.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from random import SystemRandom
from typing import Any, Final, TypeAlias

from botocore.exceptions import ClientError

from vitrine.adapters.aws import ONE_ATTEMPT, PATIENT, Client, MakeClient, client_maker, error_code, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.adapters.dynamodb_items import from_item, key_of, to_item, to_value
from vitrine.adapters.dynamodb_writes import DEPENDENCY, BatchWriter, backoff_s
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key, Row, Rows

Found: TypeAlias = tuple[dict[Key, Row], list[Key]]

READ_BATCH: Final = 100  # BatchGetItem's limit
READ_PAUSE_S: Final = 0.004  # doubled at each wave of UnprocessedKeys
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
        write_units_per_s: float | None = None,
    ) -> None:
        """The table of that name; `write` and `delete` keep to the write units a second, None for no limit."""
        self._name = name
        self._caller = DeadlineCaller(DEPENDENCY, make_reader or client_maker("dynamodb", ONE_ATTEMPT))
        self._writer = DeadlineCaller(DEPENDENCY, make_writer or client_maker("dynamodb", PATIENT))
        self._batches = BatchWriter(name, write_units_per_s, pause)
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
        self._pause(min(backoff_s(self._jitter, READ_PAUSE_S, wave), max(left, 0.0)))
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
        request = {"Keys": [to_item(key, {}) for key in keys], "ConsistentRead": latest}
        try:
            with vendor_errors(DEPENDENCY):
                response = client.batch_get_item(RequestItems={self._name: request})
            left = response.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            return dict(map(from_item, response["Responses"].get(self._name, []))), [key_of(item) for item in left]
        except NONSENSE as error:
            raise DependencyFailed(DEPENDENCY, "its answer cannot be read") from error

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        return self._batches.put(rows, self._writer.client())

    def delete(self, keys: Iterable[Key]) -> int:
        """See ports.Table."""
        return self._batches.delete(keys, self._writer.client())

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table.

        False can also mean that our own first attempt arrived and its answer was lost: read again before merging.
        """
        if expected_rev is None:
            condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        else:
            values = {":rev": to_value(expected_rev)}
            condition = {"ConditionExpression": "rev = :rev", "ExpressionAttributeValues": values}
        put = partial(_if_allowed, "put_item", {"TableName": self._name, "Item": to_item(key, row), **condition})
        if timeout_s is None:
            return put(self._writer.client())
        return self._writer.finish(self._writer.start(put), timeout_s)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table. One attempt, with the client that reads: a second could count twice."""
        if limit <= 0:  # DynamoDB would let the first of a missing row pass
            return False
        names, values = {"#used": "used"}, {":one": to_value(1), ":limit": to_value(limit)}
        if ttl is not None:
            names["#ttl"], values[":ttl"] = "ttl", to_value(ttl)  # a reserved word
        request = {
            "TableName": self._name,
            "Key": to_item(key, {}),
            "UpdateExpression": "ADD #used :one" if ttl is None else "SET #ttl = :ttl ADD #used :one",
            "ConditionExpression": "attribute_not_exists(#used) OR #used < :limit",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        update = partial(_if_allowed, "update_item", request)
        if timeout_s is None:
            return update(self._caller.client())
        return self._caller.finish(self._caller.start(update), timeout_s)


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
