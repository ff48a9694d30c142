"""What /v1/people/{person} is asked and answers, for the OpenAPI document alone."""

from collections.abc import Mapping
from typing import Any, Final

from vitrine.api.openapi_answers import Answer
from vitrine.outreach.channels import Channel, TriggerKind
from vitrine.outreach.state import Status


class ToldAnswer(Answer):
    """What a telling came to."""

    person: str
    reached_by: list[Channel]
    """The channels that may be used and lead somewhere."""


class ForgottenAnswer(Answer):
    """What an erasure came to."""

    deleted: int
    """Rows that were deleted."""


class SendingAnswer(Answer):
    """One message to the person."""

    id: str
    message: str
    """Its name in the store's files."""
    step: int
    subject: str
    """What it was about within its kind: an item, a category, a fence, a day, or nothing."""
    anchor_ms: int
    """When what called for it happened."""
    channel: Channel
    at_ms: int
    status: Status
    reason: str
    attempts: int


class NoteAnswer(Answer):
    """Something that happened around the person: a price fell, a fence was entered."""

    kind: TriggerKind
    subject: str
    at_ms: int
    value: int


class PersonAnswer(Answer):
    """What is known of a person."""

    person: str
    visitors: list[str]
    """Ids of the person's visitors, the newest first."""
    addresses: dict[str, str]
    """By channel; of a browser the push service alone."""
    allowed: list[Channel]
    suppressed: dict[str, str]
    """Why a channel is used no more, by channel."""
    zone: str | None
    locale: str | None
    name: str | None
    due_ms: int | None
    """When somebody looks again, null while nothing is awaited."""
    sendings: list[SendingAnswer]
    notes: list[NoteAnswer]


FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "PersonBody": {
        "visitors": "Tokens of the person's visitors: of the device that just logged in, for instance.",
        "addresses": "Where the person is reached; a new address lifts what was suppressed at the old one.",
        "allowed": "Channels that the person has just agreed to.",
        "forget": "Channels to forget, with their address and agreement.",
        "zone": "IANA time zone of the person, for quiet hours.",
        "locale": "Locale of messages, such as en or ru-RU.",
        "name": "How messages address the person.",
    },
    "AddressesBody": {
        "mail": "Mail address, in ASCII.",
        "sms": "Telephone number in E.164, such as +4930123456.",
        "push": "ARN of the device's endpoint at SNS.",
        "web_push": "The browser's subscription, as `PushSubscription.toJSON()` gives it.",
        "webhook": "What the webhook knows the person by.",
    },
    "Subscription": {
        "endpoint": "Address at the browser's push service, https.",
        "keys": "Keys that messages are encrypted with.",
        "expirationTime": "When it ends, in milliseconds since the Unix epoch; null if it does not.",
    },
    "PushKeys": {"p256dh": "Public key of the browser, base64url.", "auth": "Its secret, base64url."},
}

REQUEST: Final[Mapping[str, Any]] = {
    "addresses": {"mail": "ann@example.com"},
    "allowed": ["mail"],
    "zone": "Europe/Berlin",
    "locale": "en",
    "name": "Ann",
}
PERSON: Final[Mapping[str, Any]] = {
    "person": "customer-1929",
    "visitors": ["00112233445566778899aabbccddeeff"],
    "addresses": {"mail": "ann@example.com"},
    "allowed": ["mail"],
    "suppressed": {},
    "zone": "Europe/Berlin",
    "locale": "en",
    "name": "Ann",
    "due_ms": None,
    "sendings": [
        {
            "id": "8b1a9953c4611296a827abf8c47804d7",
            "message": "cart-left",
            "step": 0,
            "subject": "",
            "anchor_ms": 1795348800000,
            "channel": "mail",
            "at_ms": 1795352400000,
            "status": "sent",
            "reason": "",
            "attempts": 1,
        }
    ],
    "notes": [{"kind": "price_drop", "subject": "1029743", "at_ms": 1795348800000, "value": 349}],
}
