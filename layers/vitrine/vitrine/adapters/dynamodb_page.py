"""The table on DynamoDB as a page view uses it: lean calls with a deadline, no botocore.

`dynamodb.DynamoTable` is the reference; the contract suite runs both on one table and compares what they read.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import orjson
from pybase64 import b64decode

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.aws_answers import Refused
from vitrine.adapters.aws_service import base64_text
from vitrine.adapters.dynamodb_items import key_of
from vitrine.adapters.dynamodb_requests import (
    CONDITION_FAILED,
    DEPENDENCY,
    answered,
    count_request,
    get_request,
    replace_request,
)
from vitrine.adapters.dynamodb_waves import Found, read_in_waves
from vitrine.types import Absent, Attribute, Key, Row, Rows

PATIENCE_S: Final = 2.0
TARGET: Final = "DynamoDB_20120810."
VERSION: Final = "1.0"

Stored: TypeAlias = dict[str, dict[str, Any]]

log = logging.getLogger(__name__)


class DynamoPageTable:
    """ports.PageTable on one DynamoDB table with string keys `pk` and `sk`."""

    def __init__(self, name: str, aws: AwsAccount, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._name = name
        self._service = aws.service("dynamodb", DEPENDENCY)
        self._writes = aws.service("dynamodb", DEPENDENCY)  # a breaker of their own: good reads say nothing of writes
        self._pause = pause
        self._read = partial(_found, name)

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.PageTable. What is above 100 keys is read batch after batch."""
        return read_in_waves(keys, timeout_s, partial(self._begin, latest=latest), self._pause)

    def _begin(self, keys: Sequence[Key], *, latest: bool) -> Callable[[float], Found]:
        body = orjson.dumps(get_request(self._name, keys, latest=latest))
        return partial(self._service.post, TARGET + "BatchGetItem", VERSION, body, read=self._read)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.PageTable. False can also mean that our own first attempt arrived and its answer was lost."""
        return self._write("PutItem", replace_request(self._name, key, row, expected_rev), timeout_s, twice=True)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.PageTable. Sent once and never again: a second could count twice."""
        if limit <= 0:  # DynamoDB would let the first of a missing row pass
            return False
        return self._write("UpdateItem", count_request(self._name, key, limit, ttl), timeout_s, twice=False)

    def _write(self, operation: str, request: Mapping[str, Any], timeout_s: float | None, *, twice: bool) -> bool:
        """One write; False when its condition failed."""
        body = orjson.dumps(request, default=base64_text)
        patience_s = PATIENCE_S if timeout_s is None else timeout_s
        try:
            self._writes.post(TARGET + operation, VERSION, body, patience_s, read=orjson.loads, twice=twice)
        except Refused as refusal:
            if refusal.reason == CONDITION_FAILED:
                return False
            raise
        return True


def _found(table: str, body: bytes) -> Found:
    """Rows and unprocessed keys of an answer; raises one of aws_service.NONSENSE on one that is none."""
    items, left = answered(orjson.loads(body), table)
    unprocessed = list(dict.fromkeys(map(key_of, left)))  # a dict, because it finds keys that are none
    return dict(map(_entry, items)), unprocessed


def _entry(item: Stored) -> tuple[Key, Row | Absent]:
    """A row by its key. One of a form that nobody of ours writes is not read, and spoils no other."""
    key = _key(item)
    try:
        return key, _row(item)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("the row %s %s cannot be read: %r", *key, error)
        return key, Absent.NOT_READ


def _key(item: Stored) -> Key:
    """The key, taken out of an item."""
    return Key(item.pop("pk")["S"], item.pop("sk")["S"])


def _row(item: Stored) -> Row:
    """The rest of the item. One loop without a call for each attribute: there are hundreds in an answer."""
    row: dict[str, Attribute] = {}
    for name, value in item.items():
        kind, raw = value.popitem()
        if kind == "N":
            row[name] = int(raw)
        elif kind == "B":
            row[name] = b64decode(raw, validate=True)  # a tenth of binascii's time, which would be a third of a read's
        elif kind in ("S", "BOOL"):
            row[name] = raw
        else:
            raise ValueError(kind)
    return row
