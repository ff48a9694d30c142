"""Text messages by Amazon SNS, directly to a phone number. SNS has no idempotency here, so each is handed over once."""

import re
from typing import Any, Final, Literal

from vitrine.adapters.aws import Client, MakeClient, client_maker
from vitrine.adapters.aws_once import ONCE, Meaning, OnceCaller
from vitrine.outreach.handing import Handover, Refused, Result, SmsText

DEPENDENCY: Final = "sms"
PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # E.164
SENDER_ID: Final = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}", re.ASCII)
MAX_LETTERS: Final = 1_600
"""Of one Publish to a phone (Amazon SNS API reference)."""

MEANING: Final[Meaning] = {
    "InvalidParameter": "drop",
    "InvalidParameterValue": "drop",
    "ValidationException": "drop",
    "OptedOut": "suppress",
}
"""Errors of Publish (Amazon SNS API reference); those of permissions, keys and limits mean: later."""


class SnsSms:
    """outreach.handing.Channel for sms."""

    is_idempotent = False

    def __init__(
        self,
        sender_id: str = "",
        max_price_usd: str = "",
        kind: Literal["Transactional", "Promotional"] = "Transactional",
        make_client: MakeClient | None = None,
    ) -> None:
        """Countries that know no sender's ids ignore it. A message dearer than `max_price_usd` is not sent ("": the
        account's limit holds). Transactional ones are delivered with more effort, and dearer.

        Raises:
            ValueError: the sender's id is not 1 to 11 letters and digits, one of them a letter.
        """
        if sender_id and not SENDER_ID.fullmatch(sender_id):
            raise ValueError(f"the sender's id {sender_id!r} is not 1 to 11 letters and digits, one of them a letter")
        said = {"SMSType": kind, "SenderID": sender_id, "MaxPrice": max_price_usd}
        self._attributes = {
            f"AWS.SNS.SMS.{name}": {"DataType": "Number" if name == "MaxPrice" else "String", "StringValue": value}
            for name, value in said.items()
            if value
        }
        self._caller = OnceCaller(DEPENDENCY, make_client or client_maker("sns", ONCE), MEANING)

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel."""
        if not isinstance(handover.words, SmsText):
            return Refused("drop", "these are not the words of a text message")
        text = handover.words.text
        if not 0 < len(text) <= MAX_LETTERS:
            return Refused("drop", f"a text message has 1 to {MAX_LETTERS} letters, this one {len(text)}")
        if not PHONE.fullmatch(handover.address):
            return Refused("drop", "this is not a phone number in E.164 (+ and 7 to 15 digits)")
        request: dict[str, Any] = {
            "PhoneNumber": handover.address,
            "Message": text,
            "MessageAttributes": self._attributes,
        }

        def publish(client: Client) -> str:
            return str(client.publish(**request)["MessageId"])

        return self._caller.attempt(publish, timeout_s)
