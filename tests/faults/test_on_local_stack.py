"""The handler on the local stack through the proxy: the real table hangs, and is there again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest

from tests.bench.canned_data import SECRET, Canned
from tests.bench.canned_dynamodb import BUCKET, STREAM, TABLE
from tests.contract.local_stack import maker, ministack
from tests.faults.environment import judge
from tests.faults.proxy import FaultProxy
from tests.faults.stage import DEPENDENCIES, Stage
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects

FAULTS = ("hang", "drip", "rst", "refuse")


@pytest.fixture(scope="module")
def proxy(stage: Stage) -> Iterator[FaultProxy]:
    """A proxy before a stack that holds the stage's page view."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-faults-")))
        address = stack.enter_context(ministack(folder))
        fill(address, stage.canned)
        port = urlsplit(address).port
        assert port is not None
        yield stack.enter_context(FaultProxy(dict.fromkeys(DEPENDENCIES, port)))


def fill(address: str, canned: Canned) -> None:
    """Make table, bucket, secret and stream, and put in what the page view needs."""
    maker("dynamodb", address)().create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    maker("s3", address)().create_bucket(Bucket=BUCKET)
    maker("secretsmanager", address)().create_secret(Name="bench-secret", SecretString=SECRET)
    maker("firehose", address)().create_delivery_stream(
        DeliveryStreamName=STREAM,
        S3DestinationConfiguration={"RoleARN": "arn:aws:iam::0:role/r", "BucketARN": f"arn:aws:s3:::{BUCKET}"},
    )
    DynamoTable(TABLE, make_reader=maker("dynamodb", address), make_writer=maker("dynamodb", address)).write(
        canned.rows.items()
    )
    objects = S3Objects(BUCKET, make_client=maker("s3", address))
    for name, data in canned.objects.items():
        objects.put(name, data)


@pytest.mark.stack
def test_the_handler_survives_a_real_table(stage: Stage, proxy: FaultProxy) -> None:
    """Whole answers, valid ones that say what they lack, whole ones again: for each fault in turn."""
    with stage.environment(**proxy.endpoints()) as environment:

        def verdicts(n: int) -> list[bool]:
            found = [judge(environment.ask(stage.page)) for _ in range(n)]
            assert [verdict.fault for verdict in found if verdict.fault] == []
            return [verdict.is_personalised for verdict in found]

        for fault in FAULTS:
            give_up = 200
            while not all(verdicts(5)):
                give_up -= 1
                assert give_up, f"no whole answers before {fault}"
            proxy.set("dynamodb", fault)
            assert not any(verdicts(20)), fault
            proxy.set("dynamodb", "pass")
