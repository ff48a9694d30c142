"""Everything else, a messenger for instance, by a webhook of the operator's: a signed POST of JSON.

The receiver proves the sender by `X-Vitrine-Signature: t=<seconds>,v1=<hex>`, the HMAC-SHA256 of `<seconds>.<body>`,
and should refuse one that is minutes old. `Idempotency-Key` is the sending's id (draft-ietf-httpapi-idempotency-key):
the receiver must treat a second request with it as done, which is what makes this channel exactly-once.
"""

import time
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Final

from vitrine.adapters.http_post import Head, judged, parse_url, post
from vitrine.adapters.trust import trust
from vitrine.mac import Mac
from vitrine.outreach.handing import Handover, RefusalKind, Refused, Result, WebhookBody

MIN_SECRET: Final = 32
MAX_BODY: Final = 256 << 10
ID: Final = "Idempotency-Key"
SIGNATURE: Final = "X-Vitrine-Signature"

MEANING: Final[Mapping[int, RefusalKind]] = {
    400: "drop",
    410: "suppress",  # the receiver's word that this person is gone; 404 is more likely a wrong address of ours
    413: "drop",
    415: "drop",
    422: "drop",
}


class Webhook:
    """outreach.handing.Channel for webhook."""

    is_idempotent = True

    def __init__(
        self,
        url: str,
        secret: bytes,
        wall_s: Callable[[], float] = time.time,
        make_context: Callable[[], SSLContext] | None = None,
    ) -> None:
        """The address and the secret are the operator's. `wall_s` is in seconds since the epoch.

        Raises:
            ValueError: the address is not https (nor http on loopback), or the secret has fewer than 32 bytes.
        """
        if len(secret) < MIN_SECRET:
            raise ValueError(f"the webhook's secret has {len(secret)} bytes; {MIN_SECRET} or more are needed")
        self._url = parse_url(url)
        self._mac = Mac(secret)
        self._wall_s = wall_s
        self._make_context = make_context or trust({})

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel. The body is sent as it is: it says whom the message is for."""
        if not isinstance(handover.words, WebhookBody):
            return Refused("drop", "these are not the words of a webhook")
        body = handover.words.body
        if len(body) > MAX_BODY:
            return Refused("drop", f"a webhook gets at most {MAX_BODY:,} bytes, this is {len(body):,}")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "vitrine",
            ID: handover.id,
            SIGNATURE: signature(self._mac, body, int(self._wall_s())),
        }
        answer = post(self._url, headers, body, timeout_s, self._make_context)
        return judged(answer, MEANING) if isinstance(answer, Head) else answer


def signature(mac: Mac, body: bytes, at_s: int) -> str:
    """What the header says of a body that is sent at an instant, in seconds since the epoch."""
    return f"t={at_s},v1={mac.digest(b'%d.%s' % (at_s, body)).hex()}"
