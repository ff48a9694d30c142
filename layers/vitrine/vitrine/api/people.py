"""The request and the answers of /v1/people/{person}: how the shop's backend says how a person is reached.

Operators only. Answers repeat no secret: of a web push subscription they tell the service alone, for whoever has its
address and keys can write to the browser.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson

from vitrine.api.fields import Id, Locale, Text, Token
from vitrine.api.strict_json import parse_object
from vitrine.api.web_push import Subscription
from vitrine.api.wire import Bounds, Letters, Wire
from vitrine.errors import InvalidField
from vitrine.outreach.channels import Channel
from vitrine.outreach.person import MAX_VISITORS, PERSON_ID, Person, PersonId
from vitrine.outreach.state import State
from vitrine.outreach.telling import Told
from vitrine.types import VisitorId

MAIL: Final = re.compile(
    r"(?=.{3,254}$)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]",
    re.ASCII,
)
"""RFC 5321's dot-string and domain. No quoted names, and domains in ASCII (xn--...): that is what SES takes."""

PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""E.164: at most 15 digits."""

ENDPOINT: Final = re.compile(
    r"arn:aws[a-z-]{0,16}:sns:[a-z0-9-]{1,32}:[0-9]{12}:endpoint/[A-Za-z0-9_/.-]{1,200}", re.ASCII
)
"""A mobile device at SNS."""

Channels: TypeAlias = Annotated[tuple[Channel, ...], Bounds(0, 6)]
Zone: TypeAlias = Annotated[str, Letters(least=1, most=64)]


class AddressesBody(Wire):
    """Where the person is reached, by channel. `app` has none: it is there when it asks."""

    mail: Text | None = None
    sms: Text | None = None
    push: Annotated[str, Letters(most=300)] | None = None
    web_push: Subscription | None = None
    webhook: Id | None = None

    def to_domain(self) -> dict[Channel, str]:
        """Addresses that channels take as they are; a subscription as JSON.

        Raises:
            InvalidField: one is none; the message does not repeat it.
        """
        told: dict[Channel, str] = {}
        _take(told, "mail", self.mail, MAIL.fullmatch, "a mail address in ASCII, such as ann@example.com")
        _take(told, "sms", self.sms, PHONE.fullmatch, "a telephone number in E.164, such as +4930123456")
        _take(told, "push", self.push, ENDPOINT.fullmatch, "the ARN of an endpoint at SNS")
        _take(told, "webhook", self.webhook, bool, "what the webhook knows the person by")
        if self.web_push is not None:
            told["web_push"] = self.web_push.to_json("addresses.web_push")
        return told


class PersonBody(Wire):
    """The body of PUT /v1/people/{person}. What is left out stays as it was."""

    visitors: Annotated[tuple[Token, ...], Bounds(0, MAX_VISITORS)] = ()
    addresses: AddressesBody | None = None
    allowed: Channels = ()
    forget: Channels = ()
    zone: Zone | None = None
    locale: Locale | None = None
    name: Text | None = None

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """The request in these bytes.

        Raises:
            InvalidRequest: one of its kinds, naming what is wrong and where.
        """
        return cls.checked(parse_object(body))

    def to_domain(self, visitor_of: Callable[[str], VisitorId]) -> Told:
        """What is told. `visitor_of` gives the visitor inside a token, or raises InvalidToken.

        Raises:
            InvalidRequest: one of its kinds.
        """
        if self.zone is not None and not is_zone(self.zone):
            raise InvalidField("should be an IANA time zone, such as Europe/Berlin", "zone")
        return Told(
            visitors=tuple(dict.fromkeys(visitor_of(token) for token in self.visitors)),
            addresses={} if self.addresses is None else self.addresses.to_domain(),
            allowed=frozenset(self.allowed),
            forget=frozenset(self.forget),
            zone=self.zone,
            locale=self.locale,
            name=self.name or None,
        )


def person_id(text: str) -> PersonId:
    """The id of a person as it stands in a path, decoded.

    Raises:
        InvalidField: it is none.
    """
    if PERSON_ID.fullmatch(text) is None:
        raise InvalidField("should be 1 to 64 letters, digits, _ or -, or v:<visitor>", "person")
    return text


def is_zone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the database, a path out of it
        return False
    return True


def person_body(person: Person, state: State) -> bytes:
    """JSON of what is known of a person, and of what outreach remembers."""
    return orjson.dumps(
        {
            "person": person.id,
            "visitors": person.visitors,
            "addresses": {channel: _shown(channel, at) for channel, at in sorted(person.addresses.items())},
            "allowed": sorted(person.allowed),
            "suppressed": dict(sorted(person.suppressed.items())),
            "zone": person.zone,
            "locale": person.locale,
            "name": person.name,
            "due_ms": state.due_ms,
            "sendings": state.sendings,
            "notes": state.notes,
        }
    )


def put_body(person: Person) -> bytes:
    """JSON of what a telling came to: whose id it was, and which channels reach them now."""
    channels: tuple[Channel, ...] = tuple(sorted(person.allowed | person.addresses.keys()))
    return orjson.dumps({"person": person.id, "reached_by": [one for one in channels if person.reaches(one)]})


def forgotten_body(rows: int) -> bytes:
    """JSON of an erasure: the number of rows that were deleted."""
    return orjson.dumps({"deleted": rows})


def _shown(channel: Channel, address: str) -> str:
    return urlsplit(_endpoint(address)).netloc if channel == "web_push" else address


def _endpoint(subscription: str) -> str:
    plain: Mapping[str, Any] = orjson.loads(subscription)
    return str(plain.get("endpoint", ""))


def _take(
    told: dict[Channel, str],
    channel: Literal["mail", "sms", "push", "webhook"],
    address: str | None,
    is_good: Callable[[str], object],
    wanted: str,
) -> None:
    if address is None:
        return
    if not is_good(address):
        raise InvalidField(f"should be {wanted}", f"addresses.{channel}")
    told[channel] = address
