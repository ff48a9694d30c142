"""The channels as the contract suite makes them: what each is given, and where it is pointed."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from vitrine.adapters.aws import client_maker, local_stack
from vitrine.adapters.aws_once import ONCE
from vitrine.adapters.mail_ses import SesMail
from vitrine.adapters.push_sns import SnsPush
from vitrine.adapters.push_web import WebPush
from vitrine.adapters.sms_sns import SnsSms
from vitrine.adapters.web_push_keys import CURVE, parse_vapid_key, point_of
from vitrine.adapters.webhook import Webhook
from vitrine.outreach.handing import Channel, Handover, MailText, PushText, SmsText, WebhookBody, Words
from vitrine.outreach.messages import Channel as ChannelName

ID: Final = "0123456789abcdef" * 2
SECRET: Final = b"s" * 32
NOW_S: Final = 1_800_000_000.0
AUTH: Final = b"a" * 16
BROWSER: Final = ec.derive_private_key(12345, CURVE)
VAPID: Final = parse_vapid_key(orjson.dumps({"key": "k" * 32}).decode())
ENDPOINT: Final = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/shop/0f0f"

WORDS: Final[Mapping[ChannelName, Words]] = {
    "mail": MailText("Корзина ждёт", "<p>Молоко</p>", "Молоко", {"List-Unsubscribe": "<https://shop.example/u>"}),
    "push": PushText("Скидка", "Молоко дешевле", "https://shop.example/i/1", "https://shop.example/i/1.png"),
    "web_push": PushText("Скидка", "Молоко дешевле", "https://shop.example/i/1"),
    "sms": SmsText("Молоко дешевле: shop.example/1"),
    "webhook": WebhookBody(b'{"person":"p1"}'),
}


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def subscription(endpoint: str, point: bytes | None = None, auth: bytes = AUTH) -> str:
    """What a browser says of itself."""
    keys = {"p256dh": encoded(point or point_of(BROWSER)), "auth": encoded(auth)}
    return orjson.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys}).decode()


def address_of(channel: ChannelName, server: str) -> str:
    """A good address."""
    addresses: Mapping[ChannelName, str] = {
        "mail": "ada@example.org",
        "push": ENDPOINT,
        "web_push": subscription(f"{server}/push/1"),
        "sms": "+4915112345678",
        "webhook": "p1",
    }
    return addresses[channel]


@dataclass(frozen=True, slots=True)
class Line:
    """A channel and a good handover for it."""

    channel: Channel
    handover: Handover


def lines_to(server: str) -> Mapping[ChannelName, Callable[[], Line]]:
    """Each channel, pointed at one server, as AWS or as itself; botocore tries once, as in service."""
    at = local_stack(server)
    makers: Mapping[ChannelName, Callable[[], Channel]] = {
        "mail": lambda: SesMail("shop@shop.example", "Ёлка", make_client=client_maker("sesv2", ONCE, at)),
        "push": lambda: SnsPush(make_client=client_maker("sns", ONCE, at)),
        "web_push": lambda: WebPush(VAPID, "mailto:a@shop.example", services=("127.0.0.1",), wall_s=lambda: NOW_S),
        "sms": lambda: SnsSms("Shop1", "0.50", make_client=client_maker("sns", ONCE, at)),
        "webhook": lambda: Webhook(f"{server}/hook?a=b", SECRET, wall_s=lambda: NOW_S),
    }

    def line(name: ChannelName, make: Callable[[], Channel]) -> Line:
        return Line(make(), Handover(ID, name, address_of(name, server), WORDS[name]))

    return {name: lambda name=name, make=make: line(name, make) for name, make in makers.items()}  # type: ignore[misc]
