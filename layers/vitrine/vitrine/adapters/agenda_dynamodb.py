"""The agenda on the table's sparse index `due`: hash `shard`, range `due`, keys only.

Only rows with both attributes are in it, so a query costs by what is due, whatever the table holds.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vitrine import keys
from vitrine.adapters.aws import REQUEST, Client, MakeClient, client_maker, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.adapters.dynamodb_items import from_item
from vitrine.adapters.dynamodb_requests import DEPENDENCY
from vitrine.errors import DependencyFailed
from vitrine.types import Key

INDEX: Final = "due"
PERSON, SORT = keys.outreach("")
NONSENSE: Final = (AttributeError, KeyError, TypeError, ValueError)

log = logging.getLogger(__name__)


class DynamoAgenda:
    """ports.Agenda on one DynamoDB table."""

    def __init__(self, table: str, make_client: MakeClient | None = None) -> None:
        self._table = table
        self._caller = DeadlineCaller(DEPENDENCY, make_client or client_maker("dynamodb", REQUEST))

    def due(self, shard: str, now_ms: int, limit: int) -> list[tuple[str, int]]:
        """See ports.Agenda."""
        client, found = self._caller.client(), list[tuple[str, int]]()
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": "#shard = :shard AND due <= :now",
            "ExpressionAttributeNames": {"#shard": "shard"},  # a reserved word
            "ExpressionAttributeValues": {":shard": {"S": shard}, ":now": {"N": str(now_ms)}},
        }
        while len(found) < limit:
            answer = _page(client, {**request, "Limit": limit - len(found)})
            found += _persons(answer)
            if not (last := answer.get("LastEvaluatedKey")):
                break
            request["ExclusiveStartKey"] = last
        return found


def _page(client: Client, request: Mapping[str, Any]) -> Mapping[str, Any]:
    with vendor_errors(DEPENDENCY):
        answer: Mapping[str, Any] = client.query(**request)
    return answer


def _persons(answer: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """A row that is nobody's outreach must not stop the shard's clock for all others, so it is passed over."""
    try:
        rows = [from_item(item) for item in answer["Items"]]
        for key, row in rows:
            person, due = person_of(key), row.get("due")
            if person is None or not isinstance(due, int):
                log.warning("the row %s %s has no place in the index %s", *key, INDEX)
            else:
                yield person, due
    except NONSENSE as error:
        raise DependencyFailed(DEPENDENCY, "its answer cannot be read") from error


def person_of(key: Key) -> str | None:
    """The person whose outreach is under a key; None for any other row."""
    is_one = key.sk == SORT and key.pk.startswith(PERSON) and len(key.pk) > len(PERSON)
    return key.pk.removeprefix(PERSON) if is_one else None
