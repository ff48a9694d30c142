"""Lean reads and writes are those of botocore, over random rows on one table."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.local_stack import account, maker
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.adapters.s3 import S3Objects
from vitrine.adapters.s3_reader import S3Reader
from vitrine.errors import DependencyFailed
from vitrine.types import Absent, Key, Row

pytestmark = pytest.mark.stack

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.builds(
    Key, TEXTS.filter(bool).map(lambda text: f"V#{text * 40}"[:500]), TEXTS.filter(bool).map(lambda text: text[:200])
)
NUMBERS = st.integers(-(10**37), 10**37) | st.sampled_from([0, -1, 2**63, 2**64, -(2**53) - 1])
VALUES = TEXTS | NUMBERS | st.binary() | st.booleans() | st.just(b"") | st.just("")
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: name not in ("pk", "sk")
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=12)
ON_ONE_STACK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@ON_ONE_STACK
@given(rows=st.dictionaries(KEYS, ROWS, min_size=1, max_size=5), absent=KEYS)
def test_both_read_the_same(
    table_on_stack: DynamoTable, page_table: DynamoPageTable, rows: dict[Key, Row], absent: Key
) -> None:
    """All types, empty ones, long keys, numbers beyond 64 bits, and what is not there."""
    table_on_stack.write(rows.items())
    wanted = [*rows, absent]
    lean = page_table.read(wanted, 5.0)
    assert lean == table_on_stack.read(wanted, 5.0)
    assert lean == {absent: Absent.MISSING, **rows}
    kinds = {key: {name: type(value) for name, value in row.items()} for key, row in rows.items()}
    assert kinds == {
        key: {name: type(value) for name, value in row.items()}
        for key, row in lean.items()
        if not isinstance(row, Absent) and key in rows
    }
    table_on_stack.delete(rows)


@ON_ONE_STACK
@given(key=KEYS, row=ROWS, later=ROWS)
def test_both_replace_the_same(
    table_on_stack: DynamoTable, page_table: DynamoPageTable, key: Key, row: Row, later: Row
) -> None:
    """What one puts the other's revision holds for."""
    first, second = {**row, "rev": 1}, {**later, "rev": 2}
    assert page_table.replace(key, first, None)
    assert not table_on_stack.replace(key, first, None)
    assert table_on_stack.read([key], 5.0) == {key: first}
    assert table_on_stack.replace(key, second, 1)
    assert not page_table.replace(key, second, 1)
    assert page_table.read([key], 5.0) == {key: second}
    table_on_stack.delete([key])


def test_the_comparison_sees_a_difference(table_on_stack: DynamoTable, page_table: DynamoPageTable) -> None:
    """Negative control: rows are compared, not only keys."""
    key = Key("V#a", "PROFILE")
    table_on_stack.write([(key, {"n": 1})])
    before = page_table.read([key], 5.0)
    table_on_stack.write([(key, {"n": 2})])
    assert before != table_on_stack.read([key], 5.0)


def test_types_that_we_never_write_are_guessed_by_neither(
    stack: str, table_name: str, table_on_stack: DynamoTable, page_table: DynamoPageTable
) -> None:
    """The reference refuses the answer; a page view does without that row and keeps the others."""
    others: list[dict[str, Any]] = [{"NULL": True}, {"L": []}, {"M": {}}, {"SS": ["x"]}, {"N": "1.5"}]
    client, absent = maker("dynamodb", stack)(), Key("I#x", "absent")
    for n, value in enumerate(others):
        key = Key("I#x", str(n))
        client.put_item(TableName=table_name, Item={"pk": {"S": key.pk}, "sk": {"S": key.sk}, "v": value})
        with pytest.raises(DependencyFailed, match="cannot be read"):
            table_on_stack.read([key], 5.0)
        assert page_table.read([key, absent], 5.0) == {key: Absent.NOT_READ, absent: Absent.MISSING}


@pytest.mark.parametrize("name", ["plain/part", "с пробелом и+плюсом", "a//b/./c", "q?x=1#y&z", "100%25 ~'()*!,;:@$"])
def test_both_read_the_same_object(stack: str, bucket_on_stack: S3Objects, name: str) -> None:
    """Whatever its name holds."""
    bucket = bucket_on_stack._bucket
    bucket_on_stack.put(name, name.encode())
    lean = S3Reader(bucket, account(stack))
    assert lean.get(name) == bucket_on_stack.get(name) == name.encode()
    assert lean.get(name + "!") is bucket_on_stack.get(name + "!") is None


def test_a_large_object_arrives_whole(stack: str, bucket_on_stack: S3Objects) -> None:
    """Megabytes, in many pieces."""
    data = bytes(range(256)) * (5 << 12)
    bucket_on_stack.put("large", data)
    assert S3Reader(bucket_on_stack._bucket, account(stack)).get("large") == data


def test_a_bucket_that_is_not_there_is_a_failed_dependency(stack: str) -> None:
    """And no absent object."""
    with pytest.raises(DependencyFailed, match="NoSuchBucket"):
        S3Reader("absent", account(stack)).get("x")
