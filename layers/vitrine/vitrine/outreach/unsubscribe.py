"""Signed links in messages: to unsubscribe with one click (RFC 8058), and to content that is chosen when it is opened.

A token is `v1.<key id>.<person>[.<channel>].<sending>.<MAC>`, of the same keys as visitors' tokens but each under an
audience of its own: none is a visitor's, and a link in a picture unsubscribes nobody. It never expires, because a
person may take an old mail to leave; it holds until its key is dropped.
"""

import hmac
import re
from typing import Final

from vitrine.errors import InvalidToken
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.outreach.person import PERSON_ID, PersonId
from vitrine.values import dataclass
from vitrine.visitors.identity import NAME, VERSION, TokenKeys, mac_of

UNSUBSCRIBE: Final = "unsubscribe"
OPEN: Final = "open"
"""Audiences of the two kinds."""

MAX_TOKEN_LENGTH: Final = 300
SENDING_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""As outreach.state.sending_id makes them."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who does not want to be reached by a channel any more, and which message made them say so."""

    person: PersonId
    channel: Channel
    sending: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose message is being opened."""

    person: PersonId
    sending: str


def mint_leaving(leaving: Leaving, keys: TokenKeys) -> str:
    """The token by which a person leaves a channel, signed with the current key.

    Raises:
        InvalidToken: the person or the sending has another form than ours.
    """
    return _mint(UNSUBSCRIBE, keys, leaving.person, leaving.channel, leaving.sending)


def verify_leaving(token: str, keys: TokenKeys) -> Leaving:
    """Who leaves which channel. Takes the same time for every wrong MAC.

    Raises:
        InvalidToken: forged, altered, for another use, malformed or signed with a retired key; it does not say which.
    """
    match _said(UNSUBSCRIBE, token, keys):
        case [person, channel, sending] if _is_sending(person, sending):
            for known in CHANNELS:
                if channel == known:
                    return Leaving(person, known, sending)
    raise _foreign()


def mint_opening(opening: Opening, keys: TokenKeys) -> str:
    """The token of a message's content when it is opened, signed with the current key. Raises as `mint_leaving`."""
    return _mint(OPEN, keys, opening.person, opening.sending)


def verify_opening(token: str, keys: TokenKeys) -> Opening:
    """Whose message it is. Raises as `verify_leaving`."""
    match _said(OPEN, token, keys):
        case [person, sending] if _is_sending(person, sending):
            return Opening(person, sending)
    raise _foreign()


def _mint(audience: str, keys: TokenKeys, *said: str) -> str:
    if not _is_sending(said[0], said[-1]):
        raise InvalidToken("a person is 1 to 64 letters, digits, _ or -, and a sending 32 hexadecimal digits", "token")
    return ".".join((VERSION, keys.current, *said, mac_of(audience, keys.current, keys, *said)))


def _said(audience: str, token: str, keys: TokenKeys) -> list[str]:
    """What a good token says; nothing for any other."""
    parts = token.split(".") if len(token) <= MAX_TOKEN_LENGTH and token.isascii() else []
    if len(parts) > 3 and parts[0] == VERSION and NAME.fullmatch(parts[1]) and parts[1] in keys.keys:
        _, kid, *said, mac = parts
        if hmac.compare_digest(mac, mac_of(audience, kid, keys, *said)):
            return said
    return []


def _is_sending(person: str, sending: str) -> bool:
    return PERSON_ID.fullmatch(person) is not None and SENDING_ID.fullmatch(sending) is not None


def _foreign() -> InvalidToken:
    return InvalidToken("the link is not one of ours, or was altered: use it as it stands in the message", "token")
