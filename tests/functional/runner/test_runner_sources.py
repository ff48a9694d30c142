"""What reaches functions without a request, and what leaves them for the lake."""

import json

from tests.functional.runner.calls import Lines, bucket_of, eventually
from vitrine.local.clockwork import Clockwork
from vitrine.local.stack import LocalStack


def queue_size(stack: LocalStack, name: str) -> int:
    """Messages in a queue, hidden ones too."""
    sqs = stack.client("sqs")
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if name in url]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def test_queue_keeps_only_what_failed(stack: LocalStack, lines: Lines) -> None:
    """Of a batch the named message comes again and ends in the dead letter queue; the others are done once."""
    sqs, queue = stack.client("sqs"), stack.environment("EchoFunction")["WORK_QUEUE"]
    bodies = [{"n": 1}, {"n": 2, "fail": True}, {"n": 3}]
    entries = [{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert eventually(lambda: queue_size(stack, "DeadQueue") == 1 and queue_size(stack, "WorkQueue") == 0)
    assert sorted(line for line in lines.of("WorkFunction") if line.startswith("done")) == [
        'done {"n": 1}',
        'done {"n": 3}',
    ]


def test_table_stream_reaches_its_function(stack: LocalStack, lines: Lines) -> None:
    """A written item arrives as a stream record."""
    table = stack.environment("EchoFunction")["TABLE"]
    stack.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "k-1"}})
    assert eventually(lambda: "changed k-1" in lines.of("WorkFunction"))


def test_stream_delivers_readable_objects(stack: LocalStack) -> None:
    """What goes into a delivery stream comes out as text in the bucket, under a name that does not promise gzip."""
    name = stack.environment("EchoFunction")["STREAM"]
    stack.client("firehose").put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"a\n"}, {"Data": b"b\n"}])
    s3, bucket = stack.client("s3"), bucket_of(stack)

    def delivered() -> list[str]:
        return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix="letters/").get("Contents", [])]

    assert eventually(lambda: len(delivered()) == 2)
    assert not any(key.endswith(".gz") for key in delivered())
    bodies = {s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in delivered()}
    assert bodies == {b"a\n", b"b\n"}


def test_failed_schedule_is_told_to_its_queue(stack: LocalStack) -> None:
    """After its retries an asynchronous invocation leaves a record with the event and the error."""
    clockwork = Clockwork([], stack._invoke, stack.endpoint, lambda *_: None, retry_waits_s=(0.0, 0.0))
    outcome = stack._run(clockwork.fire(stack.functions["BrokenFunction"], b'{"n": 1}'))
    assert outcome.failed
    sqs = stack.client("sqs")
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if "LostQueue" in url]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert (record["requestPayload"], record["responsePayload"]["errorType"]) == ({"n": 1}, "RuntimeError")
    assert record["requestContext"]["approximateInvokeCount"] == 2
