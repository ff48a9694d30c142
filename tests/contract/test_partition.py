"""Rows under one partition key, on the local stack."""

import pytest

from tests.contract.local_stack import maker
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.partition_dynamodb import DynamoPartition
from vitrine.errors import DependencyFailed
from vitrine.types import Key

pytestmark = pytest.mark.stack


def test_all_rows_of_a_partition_are_named(stack: str, table_name: str, table_on_stack: DynamoTable) -> None:
    """In order, over several pages of an answer (1 MB each), and none of another partition."""
    heavy = {"content": b"x" * 100_000}
    rows = [(Key("P#ann", f"M#{n:02}"), heavy) for n in range(25)]
    table_on_stack.write([*rows, (Key("P#ann2", "PERSON"), {"rev": 1}), (Key("V#ann", "PERSON"), {"rev": 1})])
    partition = DynamoPartition(table_name, maker("dynamodb", stack))
    assert list(partition.keys_under("P#ann")) == [key for key, _ in rows]
    assert list(partition.keys_under("P#nobody")) == []


def test_a_table_that_is_not_there_fails(stack: str) -> None:
    """As our error, not the vendor's."""
    with pytest.raises(DependencyFailed):
        list(DynamoPartition("no-such-table", maker("dynamodb", stack)).keys_under("P#ann"))
