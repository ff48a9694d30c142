"""Events of queues and table streams, and which part of a batch a function has dealt with. Pure."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from vitrine.local.declared import REGION
from vitrine.local.sandbox import Outcome


def queue_event(messages: Sequence[Mapping[str, Any]], arn: str) -> bytes:
    """The event for messages as `receive_message` gives them."""
    return json.dumps({"Records": [queue_record(message, arn) for message in messages]}).encode()


def queue_record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """One message as Lambda hands it over."""
    attributes = {
        name: {
            "dataType": value["DataType"],
            "stringListValues": [],
            "binaryListValues": [],
            **({"stringValue": value["StringValue"]} if "StringValue" in value else {}),
            **({"binaryValue": base64.b64encode(value["BinaryValue"]).decode()} if "BinaryValue" in value else {}),
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": attributes,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


def stream_event(records: Sequence[Mapping[str, Any]], arn: str) -> bytes:
    """The event for records as `get_records` gives them: instants become epoch seconds, binaries base64."""
    own = [{**record, "eventSourceARN": arn} for record in records]
    return json.dumps({"Records": own}, default=plain).encode()


def plain(value: object) -> object:
    """What JSON has no form for, as Lambda writes it."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is nothing that a stream carries")


def failed_ids(ids: Sequence[str], outcome: Outcome, *, partial: bool) -> set[str]:
    """Which of the batch's ids must come again.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: an empty answer means success;
    an answer that cannot be read or names an unknown id means that everything failed.
    """
    if outcome.failed:
        return set(ids)
    if not partial:
        return set()
    try:
        result = json.loads(outcome.payload)
        named = {one["itemIdentifier"] for one in (result or {}).get("batchItemFailures") or []}
    except (ValueError, TypeError, KeyError, AttributeError):
        return set(ids)
    return named if named <= set(ids) else set(ids)
