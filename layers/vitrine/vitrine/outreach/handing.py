"""Handing a message over to a channel: the words, what a channel promises, and what can become of it.

There are three answers, because two would lie: a request that broke off after it was sent was perhaps taken. Whoever
gets `InDoubt` may only try again where a channel is idempotent, and leaves the rest to a human.
"""

import zlib
from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeAlias

import msgpack

from vitrine.errors import DependencyFailed, VitrineError
from vitrine.outreach.channels import Channel as ChannelName
from vitrine.values import dataclass, field

FORMAT_VERSION: Final = 1
MAX_STORED: Final = 350_000
"""Bytes of the words of one message as they are stored: a row of DynamoDB has 400 KB with its names and keys."""

MAX_WORDS: Final = 8 << 20
"""Bytes of the words before they are packed."""

DAMAGE: Final = (ValueError, TypeError, LookupError, OverflowError, zlib.error, msgpack.UnpackException)


class Unsendable(VitrineError):
    """The words of a message cannot be stored or sent as they are; the message says why."""


@dataclass(frozen=True, slots=True)
class MailText:
    """A mail. `headers` are further ones, such as List-Unsubscribe; names and values hold no line breaks."""

    subject: str
    html: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PushText:
    """A notification, of the app or of the browser. `url` is opened by a tap; `image` is an address, too."""

    title: str
    text: str
    url: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class SmsText:
    """A text message."""

    text: str


@dataclass(frozen=True, slots=True)
class WebhookBody:
    """What a webhook gets: one JSON object, as bytes."""

    body: bytes


Words: TypeAlias = MailText | PushText | SmsText | WebhookBody

FORMS: Final[Mapping[str, type[Words]]] = {"mail": MailText, "push": PushText, "sms": SmsText, "webhook": WebhookBody}
NAMES: Final[Mapping[type[Words], str]] = {form: name for name, form in FORMS.items()}


@dataclass(frozen=True, slots=True)
class Handover:
    """One message to one person, ready to be sent. `id` is that of its sending; `address` as of outreach.Person."""

    id: str
    channel: ChannelName
    address: str
    words: Words = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it. `provider_id` is the provider's name for it, empty where it gives none."""

    provider_id: str = ""


RefusalKind: TypeAlias = Literal["retry", "drop", "suppress"]


@dataclass(frozen=True, slots=True)
class Refused:
    """It was certainly not sent. `retry`: it may be later, with the same words. `drop`: this message never will be.
    `suppress`: nothing will at this address."""

    kind: RefusalKind
    reason: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have been sent: no answer came, or one that does not tell."""

    reason: str


Result: TypeAlias = Taken | Refused | InDoubt


class Channel(Protocol):
    """A way to hand messages over. Safe to use from several threads."""

    @property
    def is_idempotent(self) -> bool:
        """Whether the same handover may be repeated without a second delivery."""
        ...

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """What became of one attempt, within about timeout_s. Never raises for what a provider does, nor for an
        address or words that it does not take."""
        ...


def encode(words: Words) -> bytes:
    """The words as they are stored with the message; equal words give equal bytes.

    Raises:
        Unsendable: they are too large.
    """
    form = NAMES[type(words)]
    parts = [getattr(words, name) for name in type(words).__match_args__]
    plain = [sorted(part.items()) if isinstance(part, Mapping) else part for part in parts]
    try:
        packed = zlib.compress(msgpack.packb((FORMAT_VERSION, form, plain)))
    except UnicodeEncodeError as error:
        raise Unsendable("the words hold half a letter (a lone surrogate)") from error
    if len(packed) > MAX_STORED:
        raise Unsendable(f"the words take {len(packed):,} bytes, more than {MAX_STORED:,}: shorten the message")
    return packed


def decode(data: bytes) -> Words:
    """The words that `encode` wrote.

    Raises:
        DependencyFailed: the bytes are damaged or of another format version.
    """
    try:
        version, form, plain = msgpack.unpackb(_unpacked(data))
        if version != FORMAT_VERSION:
            raise DependencyFailed("table", f"a message has format {version}, this code reads {FORMAT_VERSION}")
        return _words(form, plain)
    except DAMAGE as error:
        raise DependencyFailed("table", "a stored message is damaged") from error


def _unpacked(data: bytes) -> bytes:
    inflating = zlib.decompressobj()
    plain = inflating.decompress(data, MAX_WORDS)
    if not inflating.eof or inflating.unused_data:
        raise ValueError("it ends early, is too large or has something behind it")
    return plain


def _words(form: object, plain: object) -> Words:
    match form, plain:
        case "mail", [str(subject), str(html), str(text), list(headers)]:
            return MailText(subject, html, text, {_text(name): _text(value) for name, value in headers})
        case "push", [str(title), str(text), str(url), str() | None as image]:
            return PushText(title, text, url, image)
        case "sms", [str(text)]:
            return SmsText(text)
        case "webhook", [bytes(body)]:
            return WebhookBody(body)
    raise ValueError("words of an unknown form")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("a header that is no text")
