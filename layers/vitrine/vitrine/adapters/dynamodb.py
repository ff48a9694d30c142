"""The table on DynamoDB.

Reads are what a page waits for: one attempt, a deadline outside botocore, what is left unread says so. Writes of many
rows are patient (see `dynamodb_writes`); a single replacement can have a deadline, too.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from vitrine.adapters.aws import ONE_ATTEMPT, PATIENT, Client, MakeClient, client_maker, error_code, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.adapters.dynamodb_items import from_item, key_of
from vitrine.adapters.dynamodb_requests import (
    CONDITION_FAILED,
    DEPENDENCY,
    answered,
    count_request,
    get_request,
    replace_request,
)
from vitrine.adapters.dynamodb_waves import Found, read_in_waves
from vitrine.adapters.dynamodb_writes import BatchWriter
from vitrine.errors import DependencyFailed
from vitrine.types import Key, Row, Rows

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
        begin = partial(self._begin, latest=latest)
        return read_in_waves(keys, timeout_s, begin, self._pause)

    def _begin(self, keys: Sequence[Key], *, latest: bool) -> Callable[[float], Found]:
        return partial(self._caller.finish, self._caller.start(partial(self._get, keys, latest)))

    def _get(self, keys: Sequence[Key], latest: bool, client: Client) -> Found:
        """One BatchGetItem: the rows found and the keys left unprocessed."""
        try:
            with vendor_errors(DEPENDENCY):
                response = client.batch_get_item(**get_request(self._name, keys, latest=latest))
            items, left = answered(response, self._name)
            return dict(map(from_item, items)), list(dict.fromkeys(map(key_of, left)))  # which finds keys that are none
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
        put = partial(_if_allowed, "put_item", replace_request(self._name, key, row, expected_rev))
        if timeout_s is None:
            return put(self._writer.client())
        return self._writer.finish(self._writer.start(put), timeout_s)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table. One attempt, with the client that reads: a second could count twice."""
        if limit <= 0:  # DynamoDB would let the first of a missing row pass
            return False
        update = partial(_if_allowed, "update_item", count_request(self._name, key, limit, ttl))
        if timeout_s is None:
            return update(self._caller.client())
        return self._caller.finish(self._caller.start(update), timeout_s)


def _if_allowed(operation: str, request: Mapping[str, Any], client: Client) -> bool:
    """One write; False when its condition failed."""
    with vendor_errors(DEPENDENCY):
        try:
            getattr(client, operation)(**request)
        except ClientError as error:
            if error_code(error) == CONDITION_FAILED:
                return False
            raise
        except NONSENSE as error:  # botocore takes the checksum's header for a number whatever it says
            raise DependencyFailed(DEPENDENCY, "its answer cannot be read") from error
    return True
