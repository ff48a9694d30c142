"""Notifications of the shop's app by Amazon SNS mobile push, to Apple's service and Google's.

SNS has no idempotency here, so each is handed over once. The sending's id is the collapse id as well: should two
copies meet on a device after all, they are shown as one.
"""

import re
from typing import Any, Final

import orjson

from vitrine.adapters.aws import Client, MakeClient, client_maker
from vitrine.adapters.aws_once import ONCE, Meaning, OnceCaller
from vitrine.outreach.handing import Handover, PushText, Refused, Result

DEPENDENCY: Final = "push"
ENDPOINT: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:(endpoint|app)/[A-Za-z0-9_./-]{1,400}", re.ASCII)
"""Never a topic's, to which a whole audience may listen. Emulators say `app`."""

MAX_BYTES: Final = 4_096
"""Of one notification, with Apple (User Notifications, "Generating a remote notification") and with Google (FCM)."""

MEANING: Final[Meaning] = {
    "EndpointDisabled": "suppress",
    "NotFound": "suppress",
    "InvalidParameter: No endpoint found": "suppress",
    "InvalidParameter": "drop",
    "InvalidParameterValue": "drop",
    "ValidationException": "drop",
}
"""Errors of Publish (Amazon SNS API reference); a disabled application or a missing permission means: later."""


class SnsPush:
    """outreach.handing.Channel for push."""

    is_idempotent = False

    def __init__(self, ttl_s: int = 86_400, make_client: MakeClient | None = None) -> None:
        """A device that is off for longer than `ttl_s` does not get the notification any more."""
        self._ttl_s = ttl_s
        self._caller = OnceCaller(DEPENDENCY, make_client or client_maker("sns", ONCE), MEANING)

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel."""
        if not isinstance(handover.words, PushText):
            return Refused("drop", "these are not the words of a notification")
        if not ENDPOINT.fullmatch(handover.address):
            return Refused("drop", "this is not the ARN of an SNS endpoint")
        try:
            payloads = {"APNS": apple(handover.id, handover.words), "GCM": google(handover.id, handover.words)}
        except TypeError as error:  # orjson, of half a letter
            return Refused("drop", str(error))
        largest = max(map(len, payloads.values()))
        if largest > MAX_BYTES:
            return Refused("drop", f"a notification has at most {MAX_BYTES} bytes, this one {largest}")
        message = {name: payload.decode() for name, payload in payloads.items()}
        message |= {"APNS_SANDBOX": message["APNS"], "default": handover.words.text}
        request: dict[str, Any] = {
            "TargetArn": handover.address,
            "MessageStructure": "json",
            "Message": orjson.dumps(message).decode(),
            "MessageAttributes": self._attributes(handover.id),
        }

        def publish(client: Client) -> str:
            return str(client.publish(**request)["MessageId"])

        return self._caller.attempt(publish, timeout_s)

    def _attributes(self, sending: str) -> dict[str, dict[str, str]]:
        """Headers for the services behind SNS ("Using message attributes" and "Time to live" in its guide)."""
        said = {
            "APNS.PUSH_TYPE": "alert",
            "APNS.COLLAPSE_ID": sending,
            "APNS.TTL": str(self._ttl_s),
            "APNS_SANDBOX.TTL": str(self._ttl_s),
            "FCM.TTL": str(self._ttl_s),
        }
        return {f"AWS.SNS.MOBILE.{name}": {"DataType": "String", "StringValue": value} for name, value in said.items()}


def apple(sending: str, words: PushText) -> bytes:
    """The payload of Apple's service; an image is fetched by the app's notification extension."""
    aps: dict[str, Any] = {"alert": {"title": words.title, "body": words.text}, "sound": "default"}
    if words.image:
        aps["mutable-content"] = 1
    return orjson.dumps({"aps": aps, **_data(sending, words)})


def google(sending: str, words: PushText) -> bytes:
    """The payload of Google's service (FCM HTTP v1, `projects.messages`); one tag is shown once."""
    shown = {"title": words.title, "body": words.text, **({"image": words.image} if words.image else {})}
    android = {"collapse_key": sending, "notification": {"tag": sending}}
    message = {"notification": shown, "android": android, "data": _data(sending, words)}
    return orjson.dumps({"fcmV1Message": {"message": message}})


def _data(sending: str, words: PushText) -> dict[str, str]:
    """What the app itself reads."""
    return {"vitrine": sending, "url": words.url, **({"image": words.image} if words.image else {})}
