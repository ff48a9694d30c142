"""Encryption and identification for web push: RFC 8291 (with RFC 8188's aes128gcm) and RFC 8292 (VAPID).

Written here on `cryptography`, a page of code: pywebpush brings two HTTP clients and a package that has no wheel.
"""

import hmac
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha512
from typing import Final

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vitrine.errors import DependencyFailed
from vitrine.values import dataclass, field

CURVE: Final = ec.SECP256R1()
CURVE_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, P-256
RECORD_BYTES: Final = 4_096
SALT_BYTES: Final = 16
AUTH_BYTES: Final = 16
POINT_BYTES: Final = 65
SCALAR_BYTES: Final = 32
MAX_PLAIN: Final = RECORD_BYTES - (SALT_BYTES + 4 + 1 + POINT_BYTES) - 16 - 1
"""Bytes of a notification: services take bodies of 4,096 (RFC 8030, 7.2); off go header, tag and delimiter."""

MIN_LETTERS: Final = 32
MAX_SUBSCRIPTION: Final = 4_096
TOKEN_LIFE_S: Final = 12 * 3_600  # RFC 8292 allows 24 hours
BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is reached and how it reads what comes: RFC 8030's push resource, RFC 8291's keys."""

    endpoint: str
    point: bytes
    auth: bytes = field(repr=False)


def parse_subscription(text: str) -> Subscription:
    """What a browser's `PushSubscription.toJSON()` says.

    Raises:
        ValueError: it is not of that form, or its key is no point of the curve.
    """
    if len(text) > MAX_SUBSCRIPTION:
        raise ValueError(f"a subscription has at most {MAX_SUBSCRIPTION} letters")
    match orjson.loads(text):
        case {"endpoint": str(endpoint), "keys": {"p256dh": str(p256dh), "auth": str(auth)}}:
            subscription = Subscription(endpoint, _decoded(p256dh), _decoded(auth))
            if len(subscription.auth) != AUTH_BYTES or len(subscription.point) != POINT_BYTES:
                raise ValueError("the subscription's keys have another length than RFC 8291's")
            ec.EllipticCurvePublicKey.from_encoded_point(CURVE, subscription.point)
            return subscription
    raise ValueError("a subscription has an endpoint and keys (p256dh, auth)")


class VapidKey:
    """The key by which push services know the shop. Safe to use from several threads."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = _encoded(point_of(private))
        """What the page gives the browser as `applicationServerKey`."""

    def token(self, audience: str, contact: str, now_s: float) -> str:
        """A JSON Web Token (RFC 7515, ES256) that a push service at the origin `audience` takes for half a day.

        `contact` is a mailto: or https: address, for a service that has trouble with us.
        """
        claims = {"aud": audience, "exp": int(now_s) + TOKEN_LIFE_S, "sub": contact}
        signed = ".".join(_encoded(orjson.dumps(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        numbers = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_encoded(b''.join(number.to_bytes(SCALAR_BYTES, 'big') for number in numbers))}"


def parse_vapid_key(secret: str) -> VapidKey:
    """The key in a secret: `{"private": "<32 bytes in base64url>"}`, as other tools write it, or `{"key": "<32 or more
    random letters>"}`, as CloudFormation's GenerateSecretString makes it, from which the key follows.

    Raises:
        DependencyFailed: the secret is of neither form; what it holds is not repeated.
    """
    try:
        return VapidKey(ec.derive_private_key(_scalar(orjson.loads(secret)), CURVE))
    except ValueError as error:
        form = f"private (32 bytes in base64url) or key ({MIN_LETTERS} random letters or more)"
        raise DependencyFailed("secret", f"the web push secret needs {form}") from error


def encrypt(
    plain: bytes,
    subscription: Subscription,
    sender: ec.EllipticCurvePrivateKey | None = None,
    entropy: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The body of a push message that only the subscription's browser can read; a fresh key and salt for each.

    Raises:
        ValueError: it is longer than MAX_PLAIN bytes.
    """
    if len(plain) > MAX_PLAIN:
        raise ValueError(f"a web push has at most {MAX_PLAIN} bytes, this one {len(plain)}")
    sender = sender or ec.generate_private_key(CURVE)
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, subscription.point)
    salt, point = entropy(SALT_BYTES), point_of(sender)
    shared = _hmac(subscription.auth, sender.exchange(ec.ECDH(), receiver))
    seed = _hmac(salt, _hmac(shared, b"WebPush: info\0" + subscription.point + point + b"\x01"))
    key = _hmac(seed, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _hmac(seed, b"Content-Encoding: nonce\0\x01")[:12]
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([POINT_BYTES]) + point
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key, uncompressed: 65 bytes."""
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _scalar(plain: object) -> int:
    match plain:
        case {"private": str(private), **rest} if not rest:
            number = _decoded(private)
            if len(number) == SCALAR_BYTES:
                return int.from_bytes(number, "big")
        case {"key": str(letters), **rest} if not rest and len(letters) >= MIN_LETTERS:
            # 512 bits for a scalar of 256, so that none is likelier than another (FIPS 186-5, A.2.1)
            wide = int.from_bytes(sha512(b"vitrine web push\n" + letters.encode()).digest(), "big")
            return wide % (CURVE_ORDER - 1) + 1
    raise ValueError("neither form")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _decoded(text: str) -> bytes:
    if not BASE64URL.fullmatch(text):
        raise ValueError("it is not base64url")
    bare = text.rstrip("=")
    return urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
