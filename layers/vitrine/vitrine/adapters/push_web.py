"""Notifications of the browser by web push (RFC 8030), encrypted and signed (`web_push_keys`).

A push service takes each request as a new message, so it is handed over once. The sending's id is the topic, which
replaces a copy that has not been delivered yet, and the notification's tag, under which a browser shows one.

Where a subscription leads is what a visitor's browser says, or whoever pretends to be one: only the known services of
browsers are asked, under their own names and by TLS.
"""

import time
from collections.abc import Callable, Collection, Mapping
from ssl import SSLContext
from typing import Final
from urllib.parse import SplitResult

import orjson

from vitrine.adapters.http_post import LOOPBACK, Head, judged, parse_url, post
from vitrine.adapters.trust import trust
from vitrine.adapters.web_push_keys import VapidKey, encrypt, parse_subscription
from vitrine.outreach.handing import Handover, PushText, RefusalKind, Refused, Result

SERVICES: Final = (
    "fcm.googleapis.com",  # Chrome and what is made of Chromium
    ".push.services.mozilla.com",
    ".notify.windows.com",  # Edge
    ".push.apple.com",
)
"""Hosts of browsers' push services; one that begins with a dot stands for all below it."""

MEANING: Final[Mapping[int, RefusalKind]] = {
    400: "drop",
    404: "suppress",
    410: "suppress",
    413: "drop",
}
"""RFC 8030, 7.3: a subscription that expired is 404; 410 is what the services answer to one that was cancelled. 401 and
403 are about our own key (RFC 8292, 4.2), for the operator to mend."""


class WebPush:
    """outreach.handing.Channel for web_push."""

    is_idempotent = False

    def __init__(
        self,
        key: VapidKey,
        contact: str,
        ttl_s: int = 86_400,
        services: Collection[str] = SERVICES,
        wall_s: Callable[[], float] = time.time,
        make_context: Callable[[], SSLContext] | None = None,
    ) -> None:
        """A browser that is off for longer than `ttl_s` does not get it any more. A service on loopback can be named
        in `services`; it is then spoken to by http, too."""
        self._key = key
        self._contact = contact
        self._ttl_s = ttl_s
        self._services = services
        self._wall_s = wall_s
        self._make_context = make_context or trust({})

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel."""
        if not isinstance(handover.words, PushText):
            return Refused("drop", "these are not the words of a notification")
        try:
            subscription = parse_subscription(handover.address)
            url = parse_url(subscription.endpoint)
        except ValueError as error:
            return Refused("suppress", f"this is not a subscription: {error}")
        if not self._is_known(url):
            return Refused("suppress", "the subscription does not lead to a browser's push service")
        try:
            body = encrypt(payload(handover.id, handover.words), subscription)
        except (TypeError, ValueError) as error:  # half a letter, too long
            return Refused("drop", str(error))
        answer = post(url, self._headers(handover.id, url), body, timeout_s, self._make_context)
        return judged(answer, MEANING) if isinstance(answer, Head) else answer

    def _is_known(self, url: SplitResult) -> bool:
        host = url.hostname or ""
        is_listed = any(host == one or (one[0] == "." and host.endswith(one)) for one in self._services)
        return is_listed and (url.port in {None, 443} or host in LOOPBACK)

    def _headers(self, sending: str, url: SplitResult) -> dict[str, str]:
        token = self._key.token(f"{url.scheme}://{url.netloc}", self._contact, self._wall_s())
        return {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(self._ttl_s),
            "Urgency": "normal",
            "Topic": sending[:32],  # RFC 8030, 5.4: 32 letters of base64url
            "Authorization": f"vapid t={token}, k={self._key.public}",
        }


def payload(sending: str, words: PushText) -> bytes:
    """What the page's service worker reads: it shows `title` and `text` under the tag `id` and opens `url`."""
    image = {"image": words.image} if words.image else {}
    return orjson.dumps({"id": sending, "title": words.title, "text": words.text, "url": words.url, **image})
