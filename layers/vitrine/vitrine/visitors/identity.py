"""Visitor tokens: the only proof of who a visitor is. And proofs of what was promised to one.

A token is `v1.<key id>.<visitor>.<MAC>`: an opaque id and an HMAC-SHA256 (RFC 2104) over version, audience, key id and
visitor. The id says nothing and cannot be guessed; the MAC cannot be made without the key; a token made for another
audience or store does not verify. Old keys verify until they are taken out of the secret; new tokens use the current
one, so a key is retired by moving it to `old` and, a while later, dropping it.

The proof of a countdown's end is `v1.<key id>.<MAC>`, over version, an audience of its own, key id, campaign, visitor
and end: it holds for nothing else, and no token is one.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from re import ASCII, compile
from typing import Final, TypeAlias

import orjson

from vitrine.errors import DependencyFailed, InvalidToken
from vitrine.mac import Mac
from vitrine.types import VisitorId
from vitrine.values import dataclass, field

VERSION: Final = "v1"
AUDIENCE: Final = "storefront"
COUNTDOWN: Final = "countdown"
"""The audience of proofs of countdowns' ends."""
MAX_TOKEN_LENGTH: Final = 200
MIN_KEY_LENGTH: Final = 32
VISITOR_BYTES: Final = 16
NAME: Final = compile(r"[A-Za-z0-9_-]{1,64}", ASCII)  # a visitor or key id; the dot stays free as separator


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Signing keys by key id, and which of them signs."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)


KeySource: TypeAlias = Callable[[str | None], TokenKeys | None]
"""The signing keys of the moment; None when none could be had yet. Never raises, and answers in bounded time.

The argument is a key id that a token names and the keys of a moment ago lack (None: there is no such token): a reason
to look whether the keys have rotated. See `keys_for`, which is how a service asks.
"""


def parse_keys(secret: str) -> TokenKeys:
    """The keys in a secret: `{"kid": "k2", "key": "<32+ random letters>", "old": {"k1": "..."}}`, `old` optional.

    This is the form that CloudFormation's GenerateSecretString can make with `key` as the generated part.

    Raises:
        DependencyFailed: the secret is not of this form; what it holds is not repeated.
    """
    try:
        plain = orjson.loads(secret)
    except orjson.JSONDecodeError as error:
        raise DependencyFailed("secret", "the token secret is not JSON") from error
    match plain:
        case {"kid": str(kid), "key": str(key), **rest} if not rest.keys() - {"old"}:
            old = rest.get("old", {})
            if isinstance(old, dict) and all(_is_key(*pair) for pair in (*old.items(), (kid, key))):
                return TokenKeys(kid, {name: text.encode() for name, text in (old | {kid: key}).items()})
    raise DependencyFailed("secret", f"the token secret needs kid and key, keys of {MIN_KEY_LENGTH} letters or more")


def _is_key(kid: str, key: object) -> bool:
    return isinstance(key, str) and len(key) >= MIN_KEY_LENGTH and NAME.fullmatch(kid) is not None


def mint(visitor: VisitorId, keys: TokenKeys, audience: str = AUDIENCE) -> str:
    """A token for a visitor, signed with the current key.

    Raises:
        InvalidToken: the visitor id has other letters than A-Z, a-z, 0-9, `_` and `-`, or more than 64.
    """
    if NAME.fullmatch(visitor) is None:
        raise InvalidToken("a visitor id is 1 to 64 letters, digits, _ or -", "visitor")
    return f"{VERSION}.{keys.current}.{visitor}.{mac_of(audience, keys.current, keys, visitor)}"


def renew(token: str | None, visitor: VisitorId, keys: TokenKeys, audience: str = AUDIENCE) -> str:
    """A token for a visitor: their own `token`, verified, if it is signed with the current key, else a fresh one.

    What `mint` makes depends on nothing but the visitor and the key, so that it would make the very same. Raises as it.
    """
    if token is not None and token.startswith(f"{VERSION}.{keys.current}.{visitor}."):
        return token
    return mint(visitor, keys, audience)


def verify(token: str, keys: TokenKeys, audience: str = AUDIENCE) -> VisitorId:
    """The visitor whose token it is. Takes the same time for every wrong MAC.

    Raises:
        InvalidToken: forged, foreign, malformed or signed with a retired key; it does not say which.
    """
    parts = _parts(token)
    if parts is not None and parts[1] in keys.keys:
        _, kid, visitor, mac = parts
        if hmac.compare_digest(mac, mac_of(audience, kid, keys, visitor)):
            return visitor
    raise InvalidToken("the visitor token is not one of ours", "visitor")


def _parts(token: str) -> list[str] | None:
    """Version, key id, visitor and MAC of a token of our form, None for any other text."""
    parts = token.split(".") if len(token) <= MAX_TOKEN_LENGTH and token.isascii() else []
    is_ours = len(parts) == 4 and parts[0] == VERSION and NAME.fullmatch(parts[2]) is not None
    return parts if is_ours else None


def prove(campaign: str, visitor: VisitorId, ends_ms: int, keys: TokenKeys) -> str:
    """The proof that the campaign's countdown ends at this instant for the visitor, signed with the current key."""
    return f"{VERSION}.{keys.current}.{mac_of(COUNTDOWN, keys.current, keys, campaign, visitor, str(ends_ms))}"


def check_proof(proof: str, campaign: str, visitor: VisitorId, ends_ms: int, keys: TokenKeys) -> None:
    """Nothing, if this campaign's countdown was said to end at this instant for this visitor; whether that is past is
    for the caller to look at. Takes the same time for every wrong MAC.

    Raises:
        InvalidToken: forged, somebody else's, of something else, malformed or signed with a retired key; it does not
            say which.
    """
    parts = proof.split(".") if len(proof) <= MAX_TOKEN_LENGTH and proof.isascii() else []
    if len(parts) == 3 and parts[0] == VERSION and parts[1] in keys.keys:
        mac = mac_of(COUNTDOWN, parts[1], keys, campaign, visitor, str(ends_ms))
        if hmac.compare_digest(parts[2], mac):
            return
    raise InvalidToken("the countdown's proof is not one of ours for this visitor, campaign and end", "proof")


def keys_for(token: str | None, source: KeySource) -> TokenKeys | None:
    """The keys to verify a request's token with and to mint its answer's, one set for the whole request.

    They are asked for anew when the token names a key that is not among them: it may have been minted after a rotation
    that this process has not seen. A token of another form asks for nothing. None when there are no keys at all: then
    nobody can be recognised and no token can be minted.
    """
    keys = source(None)
    kid = None if keys is None or token is None else _unknown_kid(token, keys)
    return keys if kid is None else source(kid)


def _unknown_kid(token: str, keys: TokenKeys) -> str | None:
    """The key id of a well-formed token whose key we lack. Not for the caller's ears."""
    if token.startswith(f"{VERSION}.{keys.current}."):
        return None  # as nearly every time
    parts = _parts(token)
    return parts[1] if parts is not None and parts[1] not in keys.keys and NAME.fullmatch(parts[1]) else None


def new_visitor(entropy: Callable[[int], bytes]) -> VisitorId:
    """A visitor id nobody had before: 128 bits of the given random source, in hexadecimal."""
    return entropy(VISITOR_BYTES).hex()


def mac_of(audience: str, kid: str, keys: TokenKeys, *said: str) -> str:
    """The MAC as text. It is compared as text: base64 has two spellings of some last letters, only one is ours.

    Nothing that is signed holds a line break: not the names of campaigns, and not ids of visitors and keys.
    """
    message = "\n".join(("vitrine", VERSION, audience, kid, *said)).encode(errors="replace")
    return urlsafe_b64encode(_mac_of(keys.keys[kid]).digest(message)).rstrip(b"=").decode()


_mac_of = lru_cache(maxsize=8)(Mac)
"""The MACs of a key: there are one or two while keys rotate."""
