"""The contract of ports.Stream, in memory and on Firehose; what Firehose refuses is counted."""

import json
from collections.abc import Callable

import pytest

from tests.contract.local_stack import maker
from tests.contract.stubs import stubbed
from vitrine.adapters.firehose import ATTEMPTS, FirehoseStream
from vitrine.adapters.memory import MemoryStream
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import DependencyFailed

TAKEN = {"RecordId": "r"}
REFUSED = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "slow down"}


@pytest.mark.stack
def test_records_arrive_as_json_lines_in_the_lake(stack: str, new_bucket: Callable[[], str]) -> None:
    """Each record ends with a line feed, so that objects can be joined and read line by line."""
    bucket = new_bucket()
    maker("firehose", stack)().create_delivery_stream(
        DeliveryStreamName="events",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/firehose",
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": "events/raw/",
        },
    )
    stream = FirehoseStream("events", make_client=maker("firehose", stack))
    assert stream.put([b'{"n":1}', b'{"n":2}']) == 0
    objects = S3Objects(bucket, make_client=maker("s3", stack))
    lines = b"".join(objects.get(name) or b"" for name in objects.names("events/raw/")).splitlines()
    assert sorted(json.loads(line)["n"] for line in lines) == [1, 2]


def test_nothing_to_put_is_no_call() -> None:
    """An empty hand-over asks nobody."""
    assert FirehoseStream("s", make_client=lambda: stubbed("firehose", "put_record_batch", [])).put([]) == 0
    assert MemoryStream().put([]) == 0


def stream(*answers: dict[str, object] | str) -> FirehoseStream:
    """A stream on a client with these answers, which does not sleep between attempts."""
    client = stubbed("firehose", "put_record_batch", answers)
    return FirehoseStream("s", make_client=lambda: client, pause=lambda _: None)


def test_refused_records_are_sent_again() -> None:
    """Only what was refused, until it is taken."""
    again = stream(
        {"FailedPutCount": 1, "RequestResponses": [TAKEN, REFUSED]},
        {"FailedPutCount": 0, "RequestResponses": [TAKEN]},
    )
    assert again.put([b"a", b"b"]) == 0


def test_records_refused_to_the_end_are_counted() -> None:
    """The caller learns how many the lake does not have."""
    first = {"FailedPutCount": 2, "RequestResponses": [REFUSED, TAKEN, REFUSED]}
    later = {"FailedPutCount": 2, "RequestResponses": [REFUSED, REFUSED]}
    assert stream(first, *[later] * (ATTEMPTS - 1)).put([b"a", b"b", b"c"]) == 2


def test_a_stream_that_takes_nothing_fails() -> None:
    """Nothing at all taken is an error, not a count."""
    with pytest.raises(DependencyFailed, match="ResourceNotFoundException"):
        stream("ResourceNotFoundException").put([b"a"])


def test_a_later_batch_that_fails_is_counted() -> None:
    """What the first call took stays taken."""
    good = {"FailedPutCount": 0, "RequestResponses": [TAKEN] * 500}
    assert stream(good, "ServiceUnavailableException").put([b"x"] * 501) == 1


def test_large_records_make_smaller_batches() -> None:
    """No call is above the 4 MiB that Firehose takes."""
    one = {"FailedPutCount": 0, "RequestResponses": [TAKEN]}
    assert stream(one, one).put([b"x" * (3 << 20)] * 2) == 0
