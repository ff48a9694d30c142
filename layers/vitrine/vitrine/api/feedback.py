"""Notifications of SES and SNS about what became of messages, read strictly.

They come as they are, wrapped by an SNS topic, in the event with which SNS calls a function, or from EventBridge.
Sources: "Contents of event data that Amazon SES publishes to Amazon SNS", "Amazon SES events on EventBridge",
"Amazon SNS application event notifications" and "Monitoring SMS activity" (CloudWatch Logs) in their guides.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson

from vitrine.errors import VitrineError
from vitrine.outreach.feedback import ID_HEADER, TAG, Feedback, FeedbackKind

Plain: TypeAlias = Mapping[str, Any]

MAX_BYTES: Final = 1 << 20
"""EventBridge's limit for an event; SNS's is a quarter of it."""

MAX_WRAPPERS: Final = 3
MAX_REASON: Final = 200
SENDING_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

GONE: Final = frozenset(
    {"EndpointDisabled", "EndpointNotFound", "InvalidPlatformToken", "ExpiredPlatformToken", "PlatformTokenExpired"}
)
"""Failures of SNS after which a device does not come back under its endpoint."""


class InvalidFeedback(VitrineError):
    """It is no notification that we understand; the message says what was missed."""


def parse_feedback(data: bytes) -> tuple[Feedback, ...]:
    """What a notification says, one feedback for each address it names.

    Raises:
        InvalidFeedback: it is none of a kind we know.
    """
    if len(data) > MAX_BYTES:
        raise InvalidFeedback(f"the notification is larger than {MAX_BYTES:,} bytes")
    try:
        return tuple(one for plain in _opened(_object(data), MAX_WRAPPERS) for one in _read(plain))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InvalidFeedback(f"the notification has not the form of its kind ({type(error).__name__})") from error


def _object(data: bytes | str) -> Plain:
    plain = orjson.loads(data)
    if not isinstance(plain, dict):
        raise InvalidFeedback("a notification is a JSON object")
    return plain


def _opened(plain: Plain, depth: int) -> Iterator[Plain]:
    """What is in the wrappers."""
    if not depth:
        raise InvalidFeedback(f"the notification is wrapped more than {MAX_WRAPPERS} times")
    match plain:
        case {"Records": [*records]} if records:
            for record in records:
                yield from _opened(_object(_message(record)), depth - 1)
        case {"Type": "Notification", "Message": str(message)}:
            yield from _opened(_object(message), depth - 1)
        case {"source": "aws.ses", "detail": dict(detail)}:
            yield detail
        case _:
            yield plain


def _message(record: object) -> str:
    match record:
        case {"EventSource": "aws:sns", "Sns": {"Message": str(message)}}:
            return message
        case {"eventSource": "aws:sqs", "body": str(body)}:
            return body
    raise InvalidFeedback("a record is neither SNS's nor SQS's")


def _read(plain: Plain) -> Iterator[Feedback]:
    match plain:
        case {"eventType": str(kind), "mail": dict(mail)} | {"notificationType": str(kind), "mail": dict(mail)}:
            return _of_mail(kind, plain, mail)
        case {"Service": "SNS", "EventType": "DeliveryFailure", "EndpointArn": str(endpoint)}:
            return iter([_of_push(plain, endpoint)])
        case {"notification": {"messageId": str(id_)}, "delivery": {"destination": str(phone)}, "status": str(status)}:
            return iter([_of_sms(plain, id_, phone, status)])
    raise InvalidFeedback("the notification is neither SES's about a mail nor SNS's about a push or text message")


def _of_mail(kind: str, plain: Plain, mail: Plain) -> Iterator[Feedback]:
    """SES's word. Delays, opens and clicks are none that we act on, and so are refused, like what is unknown."""
    match kind, plain:
        case "Bounce", {"bounce": {"bouncedRecipients": [*people], **bounce}}:
            is_lasting = bounce["bounceType"] == "Permanent"
            reason = f"{bounce['bounceType']} {bounce.get('bounceSubType', '')}"
            return _each("bounced", mail, _addresses(people), reason, is_lasting=is_lasting)
        case "Complaint", {"complaint": {"complainedRecipients": [*people], **complaint}}:
            said = complaint.get("complaintFeedbackType") or ""
            return _each("complained", mail, _addresses(people), said, is_lasting=True)
        case "Delivery", {"delivery": {"recipients": [*people]}}:
            return _each("delivered", mail, people)
        case "Send", _:
            return _each("sent", mail, mail["destination"])
        case "Reject", {"reject": dict(reject)}:
            return _each("bounced", mail, mail["destination"], f"Reject {reject.get('reason', '')}")
        case "Subscription", {"subscription": {"newTopicPreferences": {"unsubscribeAll": True}}}:
            return _each("unsubscribed", mail, mail["destination"], is_lasting=True)
    raise InvalidFeedback(f"an event of SES is of a kind that says nothing to us: {kind[:40]!r}")


def _each(
    kind: FeedbackKind, mail: Plain, addresses: Sequence[object], reason: object = "", *, is_lasting: bool = False
) -> Iterator[Feedback]:
    sending, provider_id = _sending(mail), _text(mail["messageId"])
    if not addresses:
        raise InvalidFeedback("an event of SES names no address")
    for address in addresses:
        yield Feedback(kind, sending, _text(address), _reason(reason), is_lasting, provider_id)


def _addresses(people: Sequence[Plain]) -> list[object]:
    return [one["emailAddress"] for one in people]


def _sending(mail: Plain) -> str | None:
    """The id of the sending that a mail was tagged with; None for a mail that is not ours."""
    named = [*mail.get("tags", {}).get(TAG, ())]
    named += [one["value"] for one in mail.get("headers", ()) if one["name"].casefold() == ID_HEADER.casefold()]
    return next((_text(id_) for id_ in named if SENDING_ID.fullmatch(id_)), None)


def _of_push(plain: Plain, endpoint: str) -> Feedback:
    failure = _text(plain["FailureType"])
    reason = f"{failure}: {_text(plain.get('FailureMessage', ''))}"
    return Feedback("bounced", None, endpoint, _reason(reason), failure in GONE, _text(plain["MessageId"]))


def _of_sms(plain: Plain, id_: str, phone: str, status: str) -> Feedback:
    answer = _text(plain["delivery"].get("providerResponse", ""))
    match status:
        case "SUCCESS":
            return Feedback("delivered", None, phone, _reason(answer), provider_id=id_)
        case "FAILURE":
            is_lasting = "opted out" in answer.casefold()
            return Feedback("bounced", None, phone, _reason(answer), is_lasting, id_)
    raise InvalidFeedback(f"a text message's status is SUCCESS or FAILURE, not {status[:40]!r}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("not a text")


def _reason(text: object) -> str:
    """A provider's words, fit to be stored and shown."""
    return "".join(letter if letter.isprintable() else " " for letter in _text(text)[:MAX_REASON]).strip()
