"""All rows under one partition key of the table, for whoever erases them."""

from collections.abc import Iterator
from typing import Any

from vitrine.adapters.aws import MakeClient, vendor_errors
from vitrine.adapters.dynamodb_items import key_of
from vitrine.adapters.dynamodb_requests import DEPENDENCY
from vitrine.errors import DependencyFailed
from vitrine.types import Key


class DynamoPartition:
    """Keys by partition. Safe to use from several threads."""

    def __init__(self, table: str, make_client: MakeClient) -> None:
        """The table of that name."""
        self._table, self._make_client = table, make_client

    def keys_under(self, pk: str) -> Iterator[Key]:
        """Keys of all rows under a partition key, ordered, as they are now.

        Raises:
            DependencyFailed: the table does not answer, or with nonsense.
        """
        client = self._make_client()
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ProjectionExpression": "pk, sk",
            "ConsistentRead": True,
        }
        while True:
            with vendor_errors(DEPENDENCY):
                answer = client.query(**request)
            try:
                found = [key_of(item) for item in answer["Items"]]
            except (KeyError, TypeError) as error:
                raise DependencyFailed(DEPENDENCY, "its answer cannot be read") from error
            yield from found
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after
