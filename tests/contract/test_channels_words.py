"""What providers are sent, word for word: on the local stack, and read as a browser and a webhook's receiver would."""

import json
import urllib.request
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.contract.channels import AUTH, BROWSER, ID, NOW_S, SECRET, VAPID, WORDS, Line, lines_to
from tests.contract.local_stack import maker
from tests.contract.rough_server import RoughServer, http, sends
from tests.contract.stubs import stubbed
from vitrine.adapters.mail_ses import SesMail
from vitrine.adapters.push_sns import SnsPush
from vitrine.adapters.sms_sns import SnsSms
from vitrine.adapters.web_push_keys import MAX_PLAIN
from vitrine.adapters.webhook import signature
from vitrine.mac import Mac
from vitrine.outreach.handing import Handover, MailText, PushText, Refused, SmsText, Taken, WebhookBody


def told(stack: str, path: str) -> Any:
    """What the local stack says it delivered."""
    with urllib.request.urlopen(f"{stack}/_ministack/{path}", timeout=5) as answer:
        return json.loads(answer.read())


@pytest.mark.stack
def test_a_mail_arrives_with_both_of_its_bodies(stack: str) -> None:
    """Subject, text and HTML as they were written."""
    make = maker("sesv2", stack)
    make().create_email_identity(EmailIdentity="shop.example")
    channel = SesMail("shop@shop.example", "Ёлка", make_client=make)
    result = channel.hand_over(Handover(ID, "mail", "ada@example.org", WORDS["mail"]), 10.0)
    assert isinstance(result, Taken)
    mails = [mail for mails in told(stack, "ses/messages")["messages"].values() for mail in mails]
    (mail,) = [mail for mail in mails if mail["MessageId"] == result.provider_id]
    assert mail["To"] == ["ada@example.org"]
    assert (mail["BodyText"].strip(), mail["BodyHtml"].strip()) == ("Молоко", "<p>Молоко</p>")


@pytest.mark.stack
def test_a_sender_that_is_not_verified_is_for_the_operator_to_mend(stack: str) -> None:
    """The mail is kept for later."""
    channel = SesMail("shop@unknown.example", make_client=maker("sesv2", stack))
    result = channel.hand_over(Handover(ID, "mail", "ada@example.org", WORDS["mail"]), 10.0)
    assert isinstance(result, Refused)
    assert result.kind == "retry"
    assert "not verified" in result.reason


@pytest.mark.stack
def test_a_text_message_arrives(stack: str) -> None:
    """With the sender, the price and the kind that were configured."""
    channel = SnsSms("Shop1", "0.50", make_client=maker("sns", stack))
    assert isinstance(channel.hand_over(Handover(ID, "sms", "+4915112345678", WORDS["sms"]), 10.0), Taken)
    sent = json.dumps(told(stack, "sns/sms-messages"), ensure_ascii=False)
    assert "Молоко дешевле: shop.example/1" in sent
    assert all(f"AWS.SNS.SMS.{name}" in sent for name in ("SenderID", "MaxPrice", "SMSType"))


@pytest.mark.stack
def test_a_notification_reaches_an_endpoint_and_no_other(stack: str) -> None:
    """An endpoint that does not exist is not asked again."""
    make = maker("sns", stack)
    attributes = {"PlatformCredential": "x", "PlatformPrincipal": "y"}
    application = make().create_platform_application(Name="shop", Platform="GCM", Attributes=attributes)
    endpoint = make().create_platform_endpoint(
        PlatformApplicationArn=application["PlatformApplicationArn"], Token="device"
    )["EndpointArn"]
    channel = SnsPush(make_client=make)
    assert isinstance(channel.hand_over(Handover(ID, "push", endpoint, WORDS["push"]), 10.0), Taken)
    gone = channel.hand_over(Handover(ID, "push", f"{endpoint}0", WORDS["push"]), 10.0)
    assert isinstance(gone, Refused)
    assert gone.kind == "suppress"


def sent_mail(words: MailText) -> tuple[EmailMessage, bytes]:
    """The mail that SES is given."""
    client, seen = stubbed("sesv2", "send_email", [{"MessageId": "m"}]), []
    client.meta.events.register("provide-client-params.sesv2.SendEmail", lambda params, **_: seen.append(params))
    channel = SesMail("shop@shop.example", 'Ёлка, "Shop"', "events", make_client=lambda: client)
    assert channel.hand_over(Handover(ID, "mail", "ada@пример.example", words), 5.0) == Taken("m")
    (request,) = seen
    assert request["EmailTags"] == [{"Name": "vitrine", "Value": ID}]
    assert request["ConfigurationSetName"] == "events"
    assert request["Destination"] == {"ToAddresses": ["ada@xn--e1afmkfd.example"]}
    data: bytes = request["Content"]["Raw"]["Data"]
    return message_from_bytes(data, policy=default), data  # type: ignore[return-value]


def test_a_mail_is_mime_that_says_how_to_leave() -> None:
    """Addresses that long are not folded into what mail programs cannot read (RFC 2369, RFC 8058)."""
    leave = f"<https://shop.example/v1/unsubscribe?token={'a' * 300}>, <mailto:leave@shop.example>"
    headers = {"List-Unsubscribe": leave, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    words = MailText("Вы оставили в корзине молоко, и оно ждёт " * 4 + "!", "<p>" + "я" * 3000, "Точка\n.\n", headers)
    mail, data = sent_mail(words)
    assert f"\r\nList-Unsubscribe: {leave}\r\n".encode() in data
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert (mail["Subject"], mail["X-Vitrine-Id"]) == (words.subject, ID)
    assert mail["From"].addresses[0].display_name == 'Ёлка, "Shop"'
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (text.strip(), html.strip()) == ("Точка\r\n.", words.html)
    assert sent_mail(words)[1] == data


@pytest.mark.parametrize(
    "words",
    [
        MailText("a\r\nBcc: eve@example.org", "h", "t"),
        MailText("a", "h", "t", {"X-A": "b\r\nBcc: eve@example.org"}),
        MailText("a", "h", "t", {"X-A: b\r\nBcc": "eve@example.org"}),
        MailText("a", "h", "t", {"Subject": "twice"}),
        MailText("a", "h", "t", {"X-A": "я"}),
        MailText("a", "\ud800", "t"),
    ],
)
def test_words_that_make_no_mail_are_dropped(words: MailText) -> None:
    """Nothing that a template puts in becomes a header."""
    result = SesMail("a@shop.example", make_client=lambda: None).hand_over(
        Handover(ID, "mail", "a@b.example", words), 5.0
    )
    assert isinstance(result, Refused)
    assert result.kind == "drop"


def test_a_notifications_payloads_carry_the_collapse_id() -> None:
    """So that a device shows one of two."""
    client, seen = stubbed("sns", "publish", [{"MessageId": "m"}]), []
    client.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: seen.append(params))
    endpoint = "arn:aws:sns:eu-central-1:123456789012:endpoint/APNS/shop/0f0f"
    assert SnsPush(60, lambda: client).hand_over(Handover(ID, "push", endpoint, WORDS["push"]), 5.0) == Taken("m")
    (request,) = seen
    message = json.loads(request["Message"])
    apple, google = json.loads(message["APNS"]), json.loads(message["GCM"])["fcmV1Message"]["message"]
    assert apple["aps"]["alert"] == {"title": "Скидка", "body": "Молоко дешевле"}
    assert google["notification"]["body"] == "Молоко дешевле"
    assert google["android"] == {"collapse_key": ID, "notification": {"tag": ID}}
    assert google["data"]["url"] == apple["url"] == "https://shop.example/i/1"
    assert request["MessageAttributes"]["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"]["StringValue"] == ID
    assert request["MessageAttributes"]["AWS.SNS.MOBILE.FCM.TTL"]["StringValue"] == "60"


@pytest.mark.parametrize("words", [PushText("a", "я" * 2_000, "u"), PushText("a", "\ud800", "u")])
def test_notifications_that_no_service_takes_are_dropped(words: PushText) -> None:
    """Too long, or half a letter."""
    endpoint = "arn:aws:sns:eu-central-1:123456789012:endpoint/APNS/shop/0f0f"
    result = SnsPush(make_client=lambda: None).hand_over(Handover(ID, "push", endpoint, words), 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "drop"


def test_text_messages_have_their_length() -> None:
    """And a sender's id its letters."""
    for text in ("", "x" * 1_601):
        handover = Handover(ID, "sms", "+4915112345678", SmsText(text))
        assert isinstance(SnsSms(make_client=lambda: None).hand_over(handover, 5.0), Refused)
    with pytest.raises(ValueError, match="1 to 11 letters"):
        SnsSms("1234")


Get = Callable[[str], tuple[dict[str, str], bytes]]


@pytest.fixture
def got() -> Get:
    """Headers and body of the one request that a channel makes."""

    def get(name: str) -> tuple[dict[str, str], bytes]:
        with RoughServer(sends(http(b"", 201))) as server:
            line: Line = lines_to(server.address)[name]()  # type: ignore[index]
            assert line.channel.hand_over(line.handover, 5.0) == Taken()
            ((head, body),) = server.requests
        first, *lines = head.decode().split("\r\n")
        return {
            "first": first,
            **{name.lower(): value for name, _, value in (one.partition(": ") for one in lines)},
        }, body

    return get


def test_a_browser_reads_its_web_push(got: Get) -> None:
    """By an implementation of RFC 8188 that is not ours, with the keys of the browser."""
    headers, body = got("web_push")
    assert headers["first"] == "POST /push/1 HTTP/1.1"
    assert (headers["content-encoding"], headers["topic"], headers["ttl"]) == ("aes128gcm", ID, "86400")
    plain = http_ece.decrypt(body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm")
    assert json.loads(plain) == {
        "id": ID,
        "title": "Скидка",
        "text": "Молоко дешевле",
        "url": "https://shop.example/i/1",
    }
    assert got("web_push")[1] != body


def test_a_push_service_knows_the_shop(got: Get) -> None:
    """RFC 8292: for its own origin, for less than a day, signed with the key that the page gave the browser."""
    headers, _ = got("web_push")
    fields = dict(part.strip().split("=", 1) for part in headers["authorization"].removeprefix("vapid ").split(","))
    head, claims, mark = fields["t"].split(".")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(fields["k"]))
    numbers = (int.from_bytes(half, "big") for half in (raw(mark)[:32], raw(mark)[32:]))
    point.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    said = json.loads(raw(claims))
    assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
    assert said["aud"] == f"http://{headers['host']}"
    assert said["sub"] == "mailto:a@shop.example"
    assert NOW_S < said["exp"] < NOW_S + 86_400
    assert fields["k"] == VAPID.public


def raw(text: str) -> bytes:
    """Bytes of base64url."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_web_push_that_is_too_long_is_dropped() -> None:
    """Before anybody is asked."""
    line = lines_to("http://127.0.0.1:9")["web_push"]()
    words = PushText("a", "x" * MAX_PLAIN, "u")
    result = line.channel.hand_over(replace(line.handover, words=words), 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "drop"


def test_a_webhooks_receiver_can_prove_the_sender(got: Get) -> None:
    """And tell a second request from a first."""
    headers, body = got("webhook")
    assert headers["first"] == "POST /hook?a=b HTTP/1.1"
    assert (headers["idempotency-key"], headers["content-type"]) == (ID, "application/json")
    assert body == b'{"person":"p1"}'
    assert headers["x-vitrine-signature"] == signature(Mac(SECRET), body, int(NOW_S))
    assert headers["x-vitrine-signature"] != signature(Mac(SECRET), body + b" ", int(NOW_S))


def test_a_webhook_gets_no_more_than_it_can_take() -> None:
    """256 KB."""
    line = lines_to("http://127.0.0.1:9")["webhook"]()
    result = line.channel.hand_over(replace(line.handover, words=WebhookBody(b"x" * ((256 << 10) + 1))), 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "drop"
