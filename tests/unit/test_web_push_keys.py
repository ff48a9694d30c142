"""Web push, compared with what the RFCs themselves print."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.adapters.web_push_keys import (
    CURVE,
    CURVE_ORDER,
    MAX_PLAIN,
    RECORD_BYTES,
    Subscription,
    encrypt,
    parse_subscription,
    parse_vapid_key,
    point_of,
)
from vitrine.errors import DependencyFailed

# RFC 8291, appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
SAID = {"endpoint": "https://push.example.net/push/JzLQ3", "keys": {"p256dh": RECEIVER, "auth": AUTH}}


def raw(text: str) -> bytes:
    """Bytes of base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    """A key by its number."""
    return ec.derive_private_key(int.from_bytes(raw(text), "big"), CURVE)


def test_the_rfcs_example_comes_out() -> None:
    """Byte for byte."""
    subscription = parse_subscription(orjson.dumps(SAID).decode())
    assert encrypt(PLAIN, subscription, private(SENDER), lambda n: raw(SALT)[:n]) == raw(BODY)


def test_each_message_has_a_key_and_a_salt_of_its_own_and_fits() -> None:
    """The longest one makes 4,096 bytes; one more is refused."""
    subscription = Subscription("https://a.example", raw(RECEIVER), raw(AUTH))
    first, second = (encrypt(b"x" * MAX_PLAIN, subscription) for _ in range(2))
    assert len(first) == len(second) == RECORD_BYTES
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    with pytest.raises(ValueError, match="at most"):
        encrypt(b"x" * (MAX_PLAIN + 1), subscription)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        orjson.dumps({**SAID, "keys": {"p256dh": RECEIVER}}).decode(),
        orjson.dumps({**SAID, "keys": {"p256dh": RECEIVER, "auth": AUTH[:-2]}}).decode(),
        orjson.dumps({**SAID, "keys": {"p256dh": AUTH, "auth": AUTH}}).decode(),
        orjson.dumps({**SAID, "keys": {"p256dh": "BA" + "A" * 85, "auth": AUTH}}).decode(),
        orjson.dumps({**SAID, "keys": {"p256dh": "я", "auth": AUTH}}).decode(),
        orjson.dumps({**SAID, "more": "x" * 5_000}).decode(),
        '"\ud800"',
    ],
)
def test_what_is_no_subscription_is_refused(text: str) -> None:
    """Also a point that is not on the curve."""
    with pytest.raises(ValueError):  # noqa: PT011 - of several kinds
        parse_subscription(text)


def test_a_key_of_another_tool_is_taken_as_it_is() -> None:
    """Browsers that subscribed with it go on to be reached."""
    key = parse_vapid_key(orjson.dumps({"private": SENDER}).decode())
    assert raw(key.public) == point_of(private(SENDER))


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=32, max_size=64))
def test_any_random_letters_make_a_key(letters: str) -> None:
    """Always the same, and another for others."""
    secret = orjson.dumps({"key": letters}).decode()
    assert parse_vapid_key(secret).public == parse_vapid_key(secret).public
    assert parse_vapid_key(secret).public != parse_vapid_key(orjson.dumps({"key": letters + "x"}).decode()).public


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"key": "short"},
        {"key": 5},
        {"private": AUTH},
        {"private": urlsafe_b64encode(bytes(32)).decode()},
        {"private": urlsafe_b64encode(CURVE_ORDER.to_bytes(32, "big")).decode()},
        {"private": SENDER, "key": "k" * 32},
        ["key"],
    ],
)
def test_a_secret_of_another_form_is_refused_without_being_repeated(plain: object) -> None:
    """The error says what the form is."""
    with pytest.raises(DependencyFailed, match="the web push secret needs") as caught:
        parse_vapid_key(orjson.dumps(plain).decode())
    assert SENDER not in str(caught.value)


def test_what_is_not_json_is_refused() -> None:
    """As any other form."""
    with pytest.raises(DependencyFailed):
        parse_vapid_key("secret")
