"""Requests to DynamoDB for single rows, and what its answers say: the same whoever carries them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from vitrine.adapters.dynamodb_items import to_item, to_value
from vitrine.types import Key, Row

Request: TypeAlias = dict[str, Any]

DEPENDENCY: Final = "table"
CONDITION_FAILED: Final = "ConditionalCheckFailedException"


def get_request(table: str, keys: Sequence[Key], *, latest: bool) -> Request:
    """BatchGetItem of at most 100 keys."""
    wanted = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    return {"RequestItems": {table: {"Keys": wanted, "ConsistentRead": latest}}}


def replace_request(table: str, key: Key, row: Row, expected_rev: int | None) -> Request:
    """PutItem on condition of the stored revision; None: that there is no row."""
    put = {"TableName": table, "Item": to_item(key, row)}
    if expected_rev is None:
        return {**put, "ConditionExpression": "attribute_not_exists(pk)"}
    values = {":rev": to_value(expected_rev)}
    return {**put, "ConditionExpression": "rev = :rev", "ExpressionAttributeValues": values}


def count_request(table: str, key: Key, limit: int, ttl: int | None) -> Request:
    """UpdateItem that adds 1 to `used` on condition that it is below the limit."""
    names, values = {"#used": "used"}, {":one": to_value(1), ":limit": to_value(limit)}
    if ttl is not None:
        names["#ttl"], values[":ttl"] = "ttl", to_value(ttl)  # a reserved word
    return {
        "TableName": table,
        "Key": to_item(key, {}),
        "UpdateExpression": "ADD #used :one" if ttl is None else "SET #ttl = :ttl ADD #used :one",
        "ConditionExpression": "attribute_not_exists(#used) OR #used < :limit",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def answered(answer: Mapping[str, Any], table: str) -> tuple[Sequence[Any], Sequence[Any]]:
    """Items found and keys left unprocessed in an answer of BatchGetItem; raises LookupError if it is none."""
    left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
    return answer["Responses"].get(table, []), left
