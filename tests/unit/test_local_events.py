"""Events of schedules, queues and streams, and what a function's answer says about a batch."""

import json
from datetime import UTC, datetime

import pytest

from vitrine.local.batches import failed_ids, queue_event, stream_event
from vitrine.local.clockwork import schedule_event
from vitrine.local.declared import Schedule
from vitrine.local.sandbox import Outcome

DUE = datetime(2024, 3, 1, 3, 0, tzinfo=UTC)


def schedule(sender: str, input_: str | None = None) -> Schedule:
    """A daily schedule."""
    return Schedule("Daily", "RefreshFunction", "rate(1 day)", "UTC", input_, sender)


def test_rule_sends_a_scheduled_event():
    """An EventBridge rule's event names the rule and the time it was due."""
    event = json.loads(schedule_event(schedule("aws.events"), DUE))
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2024-03-01T03:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/vitrine-RefreshFunctionDaily"],
        "detail": {},
    }


def test_scheduler_sends_its_detail_as_text():
    """EventBridge Scheduler's event differs in source, resource and the type of `detail`."""
    event = json.loads(schedule_event(schedule("aws.scheduler"), DUE))
    assert (event["source"], event["detail"]) == ("aws.scheduler", "{}")
    assert event["resources"] == [
        "arn:aws:scheduler:us-east-1:000000000000:schedule/default/vitrine-RefreshFunctionDaily"
    ]


def test_input_of_the_template_replaces_the_event():
    """A schedule with Input sends exactly that."""
    assert schedule_event(schedule("aws.events", '{"full": true}'), DUE) == b'{"full": true}'


def test_queue_record_has_the_documented_form():
    """Names change from the API's capitals to Lambda's; binary attributes become base64."""
    message = {
        "MessageId": "m-1",
        "ReceiptHandle": "h-1",
        "Body": "hello",
        "MD5OfBody": "5d41",
        "Attributes": {"ApproximateReceiveCount": "1"},
        "MessageAttributes": {
            "a": {"DataType": "String", "StringValue": "x"},
            "b": {"DataType": "Binary", "BinaryValue": b"\x00"},
        },
    }
    (record,) = json.loads(queue_event([message], "arn:q"))["Records"]
    assert record == {
        "messageId": "m-1",
        "receiptHandle": "h-1",
        "body": "hello",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            "a": {"dataType": "String", "stringValue": "x", "stringListValues": [], "binaryListValues": []},
            "b": {"dataType": "Binary", "binaryValue": "AA==", "stringListValues": [], "binaryListValues": []},
        },
        "md5OfBody": "5d41",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:q",
        "awsRegion": "us-east-1",
    }


def test_stream_record_is_plain_json():
    """Instants become epoch seconds, binaries base64; the rest passes as it is."""
    record = {"dynamodb": {"Keys": {"pk": {"B": b"\x01"}}, "ApproximateCreationDateTime": DUE}}
    (sent,) = json.loads(stream_event([record], "arn:s"))["Records"]
    assert sent == {
        "dynamodb": {"Keys": {"pk": {"B": "AQ=="}}, "ApproximateCreationDateTime": DUE.timestamp()},
        "eventSourceARN": "arn:s",
    }


@pytest.mark.parametrize(
    ("payload", "failed"),
    [
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', {"b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "z"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{}]}', {"a", "b"}),
        (b'{"batchItemFailures": "b"}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ["b"]}]}', {"a", "b"}),
        (b"[]", set()),
        (b"not json", {"a", "b"}),
    ],
)
def test_partial_batch_answers(payload, failed):
    """Lambda's table: nothing named is success, the unreadable and the unknown fail the whole batch."""
    assert failed_ids(["a", "b"], Outcome(payload), partial=True) == failed


def test_failed_invocation_fails_the_batch():
    """An exception fails everything, whatever the answer looks like."""
    assert failed_ids(["a"], Outcome(b"{}", failed=True), partial=True) == {"a"}


def test_without_partial_answers_the_batch_is_one():
    """A source that does not ask for partial answers ignores them."""
    assert failed_ids(["a"], Outcome(b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'), partial=False) == set()
