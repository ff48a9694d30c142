"""The contract of outreach.handing.Channel: one attempt, and whoever hands over learns whether it may have arrived."""

import time
from dataclasses import replace

import orjson
import pytest

from tests.contract.channels import ID, NOW_S, WORDS, Line, lines_to, subscription
from tests.contract.local_stack import free_port
from tests.contract.rough_server import Caller, Manner, RoughServer, drips, hang, http, reset, sends
from vitrine.adapters.memory_outreach import MemoryChannel
from vitrine.outreach.handing import Handover, InDoubt, PushText, Refused, Result, SmsText, Taken
from vitrine.outreach.messages import Channel as ChannelName

CHANNELS: tuple[ChannelName, ...] = ("mail", "push", "web_push", "sms", "webhook")
OF_AWS: tuple[ChannelName, ...] = ("mail", "push", "sms")
OF_WEB: tuple[ChannelName, ...] = ("web_push", "webhook")
TAKEN = {
    "mail": http(b'{"MessageId":"m1"}', content_type="application/json"),
    "push": http(b"<PublishResponse><PublishResult><MessageId>m1</MessageId></PublishResult></PublishResponse>"),
    "web_push": http(b"", 201, location="m1"),
    "webhook": http(b"", 202, location="m1"),
}
TAKEN["sms"] = TAKEN["push"]


def line_to(server: str, name: ChannelName) -> Line:
    """The channel, pointed at a server."""
    return lines_to(server)[name]()


def handed(name: ChannelName, manner: Manner, timeout_s: float = 5.0) -> tuple[Result, int]:
    """What a server of such manners makes of one handover, and how many requests it got."""
    with RoughServer(manner) as server:
        line = line_to(server.address, name)
        return line.channel.hand_over(line.handover, timeout_s), len(server.requests)


def refuses(name: ChannelName, status: int, code: str = "Odd", said: str = "") -> Manner:
    """Answers with an error of the channel's protocol."""
    if name in {"push", "sms"}:
        error = f"<ErrorResponse><Error><Code>{code}</Code><Message>{said}</Message></Error></ErrorResponse>"
        return sends(http(error.encode(), status))
    return sends(http(orjson.dumps({"message": said}), status, **{"x-amzn-errortype": code}))


@pytest.mark.parametrize("name", CHANNELS)
def test_what_is_taken_is_told_with_the_providers_name_for_it(name: ChannelName) -> None:
    """By one request."""
    assert handed(name, sends(TAKEN[name])) == (Taken("m1"), 1)


@pytest.mark.parametrize("name", CHANNELS)
def test_who_cannot_be_connected_to_was_sent_nothing(name: ChannelName) -> None:
    """So it may be tried again."""
    line = line_to(f"http://127.0.0.1:{free_port()}", name)
    result = line.channel.hand_over(line.handover, 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "retry"


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("manner", [reset, Caller.end], ids=["reset", "ended"])
def test_a_connection_that_ends_after_the_request_leaves_it_in_doubt(name: ChannelName, manner: Manner) -> None:
    """And nobody asks a second time."""
    result, n_requests = handed(name, manner)
    assert isinstance(result, InDoubt)
    assert n_requests == 1


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("manner", [hang, drips(http(b"", 201, x="y" * 500))], ids=["hangs", "drips"])
def test_silence_leaves_it_in_doubt_in_time(name: ChannelName, manner: Manner) -> None:
    """A server that drips does not stretch the deadline."""
    started = time.monotonic()
    result, n_requests = handed(name, manner, 1.0)
    assert isinstance(result, InDoubt)
    assert (n_requests, time.monotonic() - started < 3.0) == (1, True)


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_servers_own_error_does_not_tell(name: ChannelName, status: int) -> None:
    """It may have done the work before it failed."""
    result, n_requests = handed(name, refuses(name, status))
    assert isinstance(result, InDoubt)
    assert n_requests == 1


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("status", [403, 429, 503])
def test_throttling_and_what_the_operator_can_mend_come_again(name: ChannelName, status: int) -> None:
    """Nothing was sent."""
    result, n_requests = handed(name, refuses(name, status))
    assert isinstance(result, Refused)
    assert (result.kind, n_requests) == ("retry", 1)


@pytest.mark.parametrize("name", OF_WEB)
@pytest.mark.parametrize(("status", "kind"), [(400, "drop"), (413, "drop"), (410, "suppress"), (302, "retry")])
def test_the_webs_answers_mean_what_the_table_says(name: ChannelName, status: int, kind: str) -> None:
    """A redirect is not followed."""
    result, n_requests = handed(name, sends(http(b"", status, location="http://127.0.0.1:1/")))
    assert isinstance(result, Refused)
    assert (result.kind, n_requests) == (kind, 1)


REFUSALS: tuple[tuple[ChannelName, str, str, str], ...] = (
    ("mail", "MessageRejected", "Email address is not verified. The following ...", "retry"),
    ("mail", "MessageRejected", "Bad content", "drop"),
    ("mail", "BadRequestException", "Missing final '@domain'", "drop"),
    ("mail", "AccountSuspendedException", "", "retry"),
    ("mail", "SendingPausedException", "", "retry"),
    ("mail", "TooManyRequestsException", "", "retry"),
    ("push", "EndpointDisabled", "Endpoint is disabled", "suppress"),
    ("push", "NotFound", "Endpoint does not exist", "suppress"),
    ("push", "InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for ...", "suppress"),
    ("push", "InvalidParameter", "Invalid parameter: Message too long", "drop"),
    ("push", "PlatformApplicationDisabled", "", "retry"),
    ("sms", "InvalidParameter", "Invalid parameter: PhoneNumber", "drop"),
    ("sms", "OptedOut", "", "suppress"),
    ("sms", "Throttled", "", "retry"),
    ("sms", "InvalidClientTokenId", "", "retry"),
)


@pytest.mark.parametrize(("name", "code", "said", "kind"), REFUSALS)
def test_awss_errors_mean_what_the_tables_say(name: ChannelName, code: str, said: str, kind: str) -> None:
    """The same code may mean two things."""
    result, n_requests = handed(name, refuses(name, 400, code, said))
    assert isinstance(result, Refused)
    assert (result.kind, n_requests) == (kind, 1)
    assert code in result.reason


@pytest.mark.parametrize("name", OF_AWS)
def test_an_answer_that_cannot_be_read_leaves_it_in_doubt(name: ChannelName) -> None:
    """A success without an id, and noise."""
    for body in (b"", b"{}", b"<x/>", b"\xff\x00"):
        result, _ = handed(name, sends(http(body)))
        assert isinstance(result, InDoubt), body


@pytest.mark.parametrize("name", CHANNELS)
def test_neither_other_words_nor_other_addresses_nor_no_time_reach_the_provider(name: ChannelName) -> None:
    """They are refused before anything is sent."""
    with RoughServer(hang) as server:
        line = line_to(server.address, name)
        other = SmsText("x") if name != "sms" else PushText("a", "b", "c")
        assert line.channel.hand_over(replace(line.handover, words=other), 5.0) == Refused(
            "drop", line.channel.hand_over(replace(line.handover, words=other), 5.0).reason
        )
        late = line.channel.hand_over(line.handover, 0.0)
        assert late == Refused("retry", "no time was left to ask")
        if name != "webhook":  # whose address is for the receiver to read
            for address in ("", "x", "a@b\r\nBcc: c@d.example", '{"endpoint":1}', "\ud800@example.org", "+0"):
                refused = line.channel.hand_over(replace(line.handover, address=address), 5.0)
                assert isinstance(refused, Refused), address
                assert refused.kind in {"drop", "suppress"}
        assert server.requests == []


@pytest.mark.parametrize("name", CHANNELS)
def test_only_the_webhook_may_be_asked_twice(name: ChannelName) -> None:
    """It has an idempotency key; the others have none."""
    assert line_to("http://127.0.0.1:9", name).channel.is_idempotent is (name == "webhook")


@pytest.mark.parametrize("name", OF_AWS)
def test_a_connection_that_idled_is_not_used_again(name: ChannelName) -> None:
    """Its other end may be gone, and a request into it would be in doubt for nothing."""
    now_s = [NOW_S]
    with RoughServer(sends(TAKEN[name])) as server:
        line = line_to(server.address, name)
        line.channel._caller._wall_s = lambda: now_s[0]  # type: ignore[attr-defined]
        for pause_s, connections in ((0.0, 1), (1.0, 1), (60.0, 2), (-9.0, 3)):
            now_s[0] += pause_s
            assert line.channel.hand_over(line.handover, 5.0) == Taken("m1")
            assert server.accepted == connections


def test_memory_records_and_answers_as_told() -> None:
    """The last answer stays."""
    channel = MemoryChannel(results=[Refused("retry", "busy"), Taken("m")])
    handover = Handover(ID, "sms", "+4915112345678", WORDS["sms"])
    results = [channel.hand_over(handover, 1.0) for _ in range(3)]
    assert results == [Refused("retry", "busy"), Taken("m"), Taken("m")]
    assert channel.handed == [handover] * 3


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/a",
        "https://fcm.googleapis.com:8443/a",
        "https://user@fcm.googleapis.com/a",
        "https://fcm.googleapis.com.evil.example/a",
        "https://169.254.169.254/latest/meta-data",
        "https://evilpush.apple.com/a",
        "http://localhost:9001/2018-06-01/runtime",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\n",
        "file:///etc/passwd",
        "//fcm.googleapis.com/a",
        "https://[::1/a",
        "https://fcm.googleapis.com:99999/",
    ],
)
def test_a_subscription_leads_nowhere_but_to_a_push_service(endpoint: str) -> None:
    """Whatever a visitor claims."""
    line = line_to("http://127.0.0.1:9", "web_push")
    line.channel._services = ("fcm.googleapis.com", ".push.apple.com")  # type: ignore[attr-defined]
    result = line.channel.hand_over(replace(line.handover, address=subscription(endpoint)), 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "suppress"


@pytest.mark.parametrize("host", ["a" * 70, "a..b", "xn--" + "9" * 50])
def test_a_host_that_cannot_be_looked_up_is_no_crash(host: str) -> None:
    """The resolver's own errors are of several kinds."""
    line = line_to("http://127.0.0.1:9", "web_push")
    line.channel._services = (".push.apple.com.invalid",)  # type: ignore[attr-defined]
    address = subscription(f"https://{host}.push.apple.com.invalid/a")
    result = line.channel.hand_over(replace(line.handover, address=address), 5.0)
    assert isinstance(result, Refused)
    assert result.kind == "retry"
