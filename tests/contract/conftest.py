"""Each port in two shapes: in memory and on the local stack. The same tests run on both."""

from collections.abc import Callable, Iterator
from itertools import count
from threading import Thread

import pytest

from tests.contract.local_stack import maker, ministack
from tests.contract.slow_server import Server
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.s3 import S3Objects
from vitrine.ports import Objects, Table

SHAPES = ["memory", pytest.param("stack", marks=pytest.mark.stack)]
NUMBERS = count()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the local stack, started once and stopped at the end."""
    with ministack(tmp_path_factory.mktemp("ministack")) as address:
        yield address


@pytest.fixture
def table_on_stack(stack: str) -> DynamoTable:
    """A fresh table on the local stack."""
    name = f"contract-{next(NUMBERS)}"
    maker("dynamodb", stack)().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoTable(name, make_reader=maker("dynamodb", stack), make_writer=maker("dynamodb", stack))


@pytest.fixture(params=SHAPES)
def table(request: pytest.FixtureRequest) -> Table:
    """An empty table of each shape."""
    return MemoryTable() if request.param == "memory" else request.getfixturevalue("table_on_stack")


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
