"""Notifications as AWS's guides print them, with our addresses."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

ID: Final = "0123456789abcdef" * 2
MAIL: Final = {
    "timestamp": "2026-11-22T10:00:00.000Z",
    "source": "Shop <shop@shop.example>",
    "sendingAccountId": "123456789012",
    "messageId": "0102-m",
    "destination": ["ada@example.org"],
    "headersTruncated": False,
    "headers": [{"name": "From", "value": "shop@shop.example"}],
    "tags": {"ses:configuration-set": ["events"], "vitrine": [ID]},
}
BOUNCE: Final = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {"emailAddress": "ada@example.org", "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550"}
        ],
        "timestamp": "2026-11-22T10:00:01.000Z",
        "feedbackId": "f",
        "reportingMTA": "dsn; mta.example",
    },
    "mail": MAIL,
}
TRANSIENT: Final = BOUNCE | {
    "bounce": {
        "bounceType": "Transient",
        "bounceSubType": "MailboxFull",
        "bouncedRecipients": [{"emailAddress": "ada@example.org"}, {"emailAddress": "eve@example.org"}],
        "timestamp": "2026-11-22T10:00:01.000Z",
        "feedbackId": "f",
    }
}
COMPLAINT: Final = {
    "eventType": "Complaint",
    "complaint": {
        "complainedRecipients": [{"emailAddress": "ada@example.org"}],
        "timestamp": "2026-11-22T10:00:01.000Z",
        "feedbackId": "f",
        "complaintSubType": None,
        "complaintFeedbackType": "abuse",
    },
    "mail": MAIL,
}
DELIVERY: Final = {
    "eventType": "Delivery",
    "mail": MAIL,
    "delivery": {
        "timestamp": "2026-11-22T10:00:01.000Z",
        "processingTimeMillis": 800,
        "recipients": ["ada@example.org"],
        "smtpResponse": "250 ok",
    },
}
SEND: Final = {"eventType": "Send", "mail": MAIL, "send": {}}
REJECT: Final = {"eventType": "Reject", "mail": MAIL, "reject": {"reason": "Bad content"}}
LEFT: Final = {
    "eventType": "Subscription",
    "mail": MAIL,
    "subscription": {
        "contactList": "c",
        "timestamp": "2026-11-22T10:00:01.000Z",
        "source": "UnsubscribeHeader",
        "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": []},
    },
}
BY_HEADER: Final = {
    "notificationType": "Bounce",
    "bounce": BOUNCE["bounce"],
    "mail": {
        **{name: value for name, value in MAIL.items() if name != "tags"},
        "headers": [{"name": "X-Vitrine-Id", "value": ID}],
    },
}
PUSH: Final = {
    "DeliveryAttempts": 1,
    "EndpointArn": "arn:aws:sns:eu-central-1:123456789012:endpoint/GCM/shop/0f0f",
    "EventType": "DeliveryFailure",
    "FailureMessage": "Platform token associated with the endpoint is not valid",
    "FailureType": "InvalidPlatformToken",
    "MessageId": "p-1",
    "Resource": "arn:aws:sns:eu-central-1:123456789012:app/GCM/shop",
    "Service": "SNS",
    "Time": "2026-11-22T10:00:00.000Z",
}
SMS: Final = {
    "notification": {"messageId": "s-1", "timestamp": "2026-11-22 10:00:00.000"},
    "delivery": {
        "phoneCarrier": "A",
        "mnc": 270,
        "destination": "+4915112345678",
        "priceInUSD": 0.06,
        "smsType": "Transactional",
        "mcc": 262,
        "providerResponse": "Phone number is opted out",
        "dwellTimeMs": 599,
    },
    "status": "FAILURE",
}
ALL: Final[tuple[Mapping[str, Any], ...]] = (
    BOUNCE,
    TRANSIENT,
    COMPLAINT,
    DELIVERY,
    SEND,
    REJECT,
    LEFT,
    BY_HEADER,
    PUSH,
    SMS,
)


def by_topic(plain: Mapping[str, Any]) -> dict[str, Any]:
    """As an SNS topic puts it into a queue."""
    return {"Type": "Notification", "MessageId": "n", "TopicArn": "t", "Message": orjson.dumps(plain).decode()}


def to_function(*plain: Mapping[str, Any]) -> dict[str, Any]:
    """As SNS calls a function."""
    messages = [{"Message": orjson.dumps(one).decode()} for one in plain]
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": one} for one in messages]}


def from_queue(*plain: Mapping[str, Any]) -> dict[str, Any]:
    """As a queue calls a function."""
    return {"Records": [{"eventSource": "aws:sqs", "body": orjson.dumps(one).decode()} for one in plain]}


def by_bus(plain: Mapping[str, Any]) -> dict[str, Any]:
    """As EventBridge tells it."""
    return {"version": "0", "id": "e", "detail-type": "Email Bounced", "source": "aws.ses", "detail": plain}
