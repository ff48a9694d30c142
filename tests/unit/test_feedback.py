"""What providers tell afterwards, read strictly, and what it means for a person."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from tests.unit import feedbacks
from tests.unit.feedbacks import ALL, ID, by_bus, by_topic, from_queue, to_function
from vitrine.api.feedback import MAX_BYTES, InvalidFeedback, parse_feedback
from vitrine.outreach.feedback import Feedback, suppressed
from vitrine.outreach.person import Person

ADA = "ada@example.org"
MEANT: list[tuple[Mapping[str, Any], Feedback]] = [
    (feedbacks.BOUNCE, Feedback("bounced", ID, ADA, "Permanent General", True, "0102-m")),
    (feedbacks.COMPLAINT, Feedback("complained", ID, ADA, "abuse", True, "0102-m")),
    (feedbacks.DELIVERY, Feedback("delivered", ID, ADA, "", False, "0102-m")),
    (feedbacks.SEND, Feedback("sent", ID, ADA, "", False, "0102-m")),
    (feedbacks.REJECT, Feedback("bounced", ID, ADA, "Reject Bad content", False, "0102-m")),
    (feedbacks.LEFT, Feedback("unsubscribed", ID, ADA, "", True, "0102-m")),
    (feedbacks.BY_HEADER, Feedback("bounced", ID, ADA, "Permanent General", True, "0102-m")),
    (
        feedbacks.PUSH,
        Feedback(
            "bounced",
            None,
            feedbacks.PUSH["EndpointArn"],
            "InvalidPlatformToken: Platform token associated with the endpoint is not valid",
            True,
            "p-1",
        ),
    ),
    (feedbacks.SMS, Feedback("bounced", None, "+4915112345678", "Phone number is opted out", True, "s-1")),
]


def read(plain: object) -> tuple[Feedback, ...]:
    """What a notification says."""
    return parse_feedback(orjson.dumps(plain))


@pytest.mark.parametrize(("plain", "feedback"), MEANT)
def test_every_kind_says_what_it_means(plain: Mapping[str, Any], feedback: Feedback) -> None:
    """As it is, and in each of its wrappers."""
    assert read(plain) == (feedback,)
    assert read(by_topic(plain)) == read(to_function(plain)) == read(from_queue(by_topic(plain))) == (feedback,)
    if "mail" in plain:
        assert read(by_bus(plain)) == (feedback,)


def test_a_passing_bounce_is_nothing_lasting_and_names_all_its_addresses() -> None:
    """A mailbox that was full may not be tomorrow."""
    found = read(feedbacks.TRANSIENT)
    assert [(one.address, one.is_lasting) for one in found] == [(ADA, False), ("eve@example.org", False)]


def test_several_records_are_all_read() -> None:
    """In their order."""
    assert [one.kind for one in read(to_function(feedbacks.SEND, feedbacks.DELIVERY))] == ["sent", "delivered"]


def test_a_mail_that_is_not_ours_has_no_sending() -> None:
    """The address is told all the same: it bounced."""
    foreign = feedbacks.BOUNCE | {"mail": {**feedbacks.MAIL, "tags": {"vitrine": ["../x"]}}}
    (one,) = read(foreign)
    assert (one.sending_id, one.address, one.is_lasting) == (None, ADA, True)


def test_a_delivered_text_message() -> None:
    """From the delivery log."""
    delivery = {"destination": "+4915112345678", "providerResponse": "Message has been accepted by phone carrier"}
    (one,) = read({**feedbacks.SMS, "status": "SUCCESS", "delivery": delivery})
    assert (one.kind, one.is_lasting) == ("delivered", False)


def wrapped(times: int) -> object:
    """A notification in so many envelopes."""
    plain: Mapping[str, Any] = feedbacks.SEND
    for _ in range(times):
        plain = by_topic(plain)
    return plain


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        {"Records": []},
        {"Records": [{"EventSource": "aws:s3"}]},
        {"Type": "SubscriptionConfirmation", "Message": "{}"},
        {"Type": "Notification", "Message": "hello"},
        wrapped(3),
        {"eventType": "Open", "mail": feedbacks.MAIL, "open": {}},
        {"eventType": "DeliveryDelay", "mail": feedbacks.MAIL, "deliveryDelay": {}},
        {**feedbacks.BOUNCE, "bounce": {"bounceType": "Permanent", "bouncedRecipients": []}},
        {**feedbacks.BOUNCE, "bounce": {"bouncedRecipients": [{"emailAddress": ADA}]}},
        {**feedbacks.BOUNCE, "bounce": {"bounceType": "Permanent", "bouncedRecipients": ["x"]}},
        {**feedbacks.BOUNCE, "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": 1}]}},
        {**feedbacks.SEND, "mail": {}},
        {**feedbacks.SEND, "mail": {**feedbacks.MAIL, "headers": [1]}},
        {**feedbacks.SEND, "mail": {**feedbacks.MAIL, "tags": []}},
        {**feedbacks.SMS, "status": "PENDING"},
        {**feedbacks.PUSH, "FailureType": None},
        {**feedbacks.LEFT, "subscription": {"newTopicPreferences": {"unsubscribeAll": False}}},
    ],
)
def test_anything_else_is_refused_by_name(plain: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidFeedback):
        read(plain)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b" " * (MAX_BYTES + 1)])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Also what is deep, or large."""
    with pytest.raises(InvalidFeedback):
        parse_feedback(data)


def test_a_reason_is_short_and_printable() -> None:
    """It is stored and shown."""
    (one,) = read({**feedbacks.PUSH, "FailureMessage": "a\n\x1b[31m" + "x" * 5_000})
    assert one.reason.isprintable()
    assert len(one.reason) <= 200


def test_a_lasting_word_takes_the_channel_of_its_address_from_a_person() -> None:
    """Whatever the case of its letters; nothing else does."""
    person = Person("p1", addresses={"mail": "Ada@Example.org", "sms": "+4915112345678"})
    (bounced,) = read(feedbacks.BOUNCE)
    assert suppressed(person, bounced).suppressed == {"mail": "bounced: Permanent General"}
    assert suppressed(person, read(feedbacks.LEFT)[0]).suppressed == {"mail": "unsubscribed"}
    for other in (read(feedbacks.TRANSIENT)[0], read(feedbacks.PUSH)[0], Feedback("bounced", is_lasting=True)):
        assert suppressed(person, other) == person


def test_every_example_is_read() -> None:
    """Those that the abuse suite damages."""
    assert all(read(plain) for plain in ALL)
