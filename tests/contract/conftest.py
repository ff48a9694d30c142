"""Each port in its shapes: in memory, on the local stack, and there without botocore. The same tests run on all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from threading import Thread
from typing import Any

import pytest

from tests.contract.local_stack import account, maker, ministack
from tests.contract.slow_server import Server
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.s3 import S3Objects
from vitrine.ports import Objects, PageTable, Table

SHAPES = ["memory", pytest.param("stack", marks=pytest.mark.stack)]
TABLE_SHAPES = [*SHAPES, pytest.param("lean", marks=pytest.mark.stack)]
NUMBERS = count()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the local stack, started once and stopped at the end."""
    with ministack(tmp_path_factory.mktemp("ministack")) as address:
        yield address


@pytest.fixture
def table_name(stack: str) -> str:
    """A fresh table on the local stack."""
    name = f"contract-{next(NUMBERS)}"
    maker("dynamodb", stack)().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture
def table_on_stack(stack: str, table_name: str) -> DynamoTable:
    """The table by way of botocore, which is the reference."""
    return DynamoTable(table_name, make_reader=maker("dynamodb", stack), make_writer=maker("dynamodb", stack))


@pytest.fixture
def page_table(stack: str, table_name: str) -> DynamoPageTable:
    """The same table without botocore."""
    return DynamoPageTable(table_name, account(stack))


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A page view's table, filled by the reference: what one wrote the other reads."""

    page: PageTable
    reference: Table

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page if hasattr(self.page, name) else self.reference, name)


@pytest.fixture
def table_on_lean(page_table: DynamoPageTable, table_on_stack: DynamoTable) -> FilledTable:
    """Both as one."""
    return FilledTable(page_table, table_on_stack)


@pytest.fixture(params=TABLE_SHAPES)
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table of each shape."""
    return MemoryTable() if request.param == "memory" else request.getfixturevalue(f"table_on_{request.param}")


@pytest.fixture
def bucket_on_stack(stack: str) -> S3Objects:
    """A fresh bucket on the local stack."""
    name = f"contract-{next(NUMBERS)}"
    maker("s3", stack)().create_bucket(Bucket=name)
    return S3Objects(name, make_client=maker("s3", stack))


@pytest.fixture(params=SHAPES)
def objects(request: pytest.FixtureRequest) -> Objects:
    """An empty bucket of each shape."""
    return MemoryObjects() if request.param == "memory" else request.getfixturevalue("bucket_on_stack")


@pytest.fixture
def new_bucket(stack: str) -> Callable[[], str]:
    """Makes buckets on the local stack."""

    def make() -> str:
        name = f"contract-{next(NUMBERS)}"
        maker("s3", stack)().create_bucket(Bucket=name)
        return name

    return make


@pytest.fixture
def slow_server() -> Iterator[Server]:
    """A server for one test that can hang and drip."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()
