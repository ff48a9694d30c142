"""The Python client: answers as they are, an outcome that says why for all else, and never later than the deadline."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import orjson
import pytest

from tests.browser.stub_site import Answer, open_stub_site
from tests.contract.rough_server import Manner, RoughServer, cuts, drips, hang, reset, says, sends
from tests.contract.rough_server import http as whole
from tests.unit.client_calls import CONSENT, DECISION, DEEP, FAULTS, FRESH, HOME, SHOWN, TOKEN, cut_gzip, gzipped, last
from tests.unit.client_types import CLIENTS, load_package
from vitrine.visitors.identity import mint, parse_keys

PATIENT_S = 30.0
package = load_package()


def ask(*manners: Manner, request: Any = HOME, timeout_s: float = PATIENT_S, **more: Any) -> tuple[Any, RoughServer]:
    """What comes of one decide, and the server that was asked."""
    with RoughServer(*manners) as server:
        client = package.Vitrine(server.address, timeout_s=timeout_s)
        outcome = client.decide(request, **more)
        client.close()
    return outcome, server


def test_an_answer_is_as_it_was_sent() -> None:
    """With the token to keep, and placements that have every field."""
    decided, server = ask(says(DECISION))
    assert decided.answer == DECISION
    assert (decided.visitor, decided.failure, decided.fault) == (TOKEN, None, None)
    assert decided.placement("home.hero") == SHOWN
    assert decided.placement("home.recs")["kind"] == "none"
    assert server.bodies() == [HOME]
    head = server.requests[0][0].decode().lower()
    assert head.startswith("post /v1/decide http/1.1")
    assert f"host: 127.0.0.1:{server.port}" in head
    assert "accept-encoding: gzip" in head


def test_calls_share_a_connection() -> None:
    """Of decide and of events."""
    noted = {"accepted": 1, "duplicates": 0, "rejected": [], "visitor": TOKEN}
    with RoughServer(says(DECISION), says(noted), says(DECISION)) as server:
        client = package.Vitrine(server.address, timeout_s=PATIENT_S)
        client.decide(HOME)
        event = package.new_event("view", item="1")
        assert client.events({"events": [event], "consent": CONSENT, "visitor": TOKEN}).answer == noted
        assert client.decide(HOME).answer == DECISION
        client.close()
        assert client.decide(HOME).answer == DECISION
        client.close()
    assert server.accepted == 2
    assert server.bodies()[1]["events"] == [event]
    assert event["kind"] == "view"
    assert event.keys() == {"id", "kind", "at_ms", "item"}


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        (sends(gzipped(DECISION)), None),
        (sends(cut_gzip(DECISION)), "unreadable"),
        (sends(whole(b"no gzip", content_encoding="gzip")), "unreadable"),
        (sends(gzipped("0" * 10_000_000)), "unreadable"),
    ],
)
def test_gzip_is_unpacked(manner: Manner, failure: str | None) -> None:
    """What is damaged, or a bomb, is no answer."""
    decided, _ = ask(manner)
    assert (decided.failure, decided.visitor) == (failure, TOKEN)


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        (says(FAULTS[500], 500), "failed"),
        (says(FAULTS[429], 429), "failed"),
        (says(FAULTS[400], 400), "refused"),
        (says({}, 302), "failed"),
        (sends(whole(b'{"placements": {')), "unreadable"),
        (sends(whole(b"<html>not here</html>")), "unreadable"),
        (sends(whole(DEEP)), "unreadable"),
        (says([]), "unreadable"),
        (says(DECISION | {"placements": None}), "unreadable"),
        (says(DECISION | {"placements": {"home.hero": None}}), "unreadable"),
        (cuts(whole(orjson.dumps(DECISION))[:-3]), "unreachable"),
        (cuts(b""), "unreachable"),
        (cuts(b"no HTTP at all\r\n\r\n"), "unreachable"),
        (reset, "unreachable"),
    ],
)
def test_what_is_no_answer_says_why(manner: Manner, failure: str) -> None:
    """The page shows its own content, the visitor keeps the token."""
    decided, _ = ask(manner)
    assert (decided.answer, decided.failure, decided.visitor) == (None, failure, TOKEN)
    assert decided.placement("home.hero")["kind"] == "none"
    assert decided.detail


def test_a_refusal_names_the_field() -> None:
    """As the API does."""
    assert ask(says(FAULTS[400], 400))[0].fault == FAULTS[400]["error"]
    assert ask(says(FAULTS[429], 429))[0].fault is None


def test_nobody_listens() -> None:
    """At a port that was open a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    decided = package.Vitrine(f"http://127.0.0.1:{port}", timeout_s=PATIENT_S).decide(HOME)
    assert decided.failure == "unreachable"


def test_a_name_that_nobody_knows() -> None:
    """Or that no resolver answers about."""
    decided = package.Vitrine("http://no-such-host.invalid", timeout_s=0.3).decide(HOME)
    assert decided.failure in {"unreachable", "late"}


@pytest.mark.parametrize("manner", [hang, drips(whole(orjson.dumps(DECISION)), 0.05)], ids=["hangs", "drips"])
def test_the_deadline_is_for_the_whole_call(manner: Manner) -> None:
    """Not for one read of the socket: a drip would last for half a minute."""
    started = monotonic()
    decided, _ = ask(manner, timeout_s=0.2)
    assert (decided.failure, decided.visitor) == ("late", TOKEN)
    assert monotonic() - started < 10


def test_a_timeout_of_reads_would_not_see_a_drip() -> None:
    """The control: the standard library alone waits for all of it."""
    with RoughServer(drips(whole(b"{}"), 0.02)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.3)
        started = monotonic()
        connection.request("POST", "/v1/decide", b"{}")
        assert connection.getresponse().read() == b"{}"
        assert monotonic() - started > 0.3
        connection.close()


def test_an_unknown_token_is_dropped_and_the_question_asked_again() -> None:
    """Once, without any token; the new one is kept."""
    request = HOME | {"device": {"kind": "mobile", "visitor": TOKEN}}
    decided, server = ask(says(FAULTS[401], 401), says(DECISION | {"visitor": FRESH}), request=request)
    assert (decided.answer["region"], decided.visitor) == ("north", FRESH)
    without = {"page": {"type": "home"}, "consent": CONSENT, "device": {"kind": "mobile"}}
    assert server.bodies() == [request, without]
    assert request["visitor"] == TOKEN


def test_a_token_is_refused_once_and_for_all() -> None:
    """The visitor's cookie is removed even if the second answer is none."""
    decided, server = ask(says(FAULTS[401], 401))
    assert (decided.failure, decided.visitor) == ("refused", None)
    assert len(server.requests) == 2
    decided, server = ask(says(FAULTS[401], 401), says(FAULTS[500], 500))
    assert (decided.failure, decided.visitor) == ("failed", None)


def test_without_consent_no_token_leaves() -> None:
    """And none is to be kept."""
    request = {"page": {"type": "home"}, "consent": ["geo"], "visitor": TOKEN, "device": {"visitor": TOKEN}}
    decided, server = ask(says(DECISION | {"visitor": None}), request=request)
    assert server.bodies() == [{"page": {"type": "home"}, "consent": ["geo"], "device": {}}]
    assert decided.answer is not None
    assert decided.visitor is None


def test_an_answer_without_a_token_leaves_the_visitors_own() -> None:
    """A service that lost its keys knows nobody for a while."""
    assert ask(says(DECISION | {"visitor": None}))[0].visitor == TOKEN


def test_only_where_the_visitor_is_goes_along() -> None:
    """Of the headers of the visitor's request; one with odd letters stays behind."""
    viewer = {
        "Cookie": "secret=1",
        "CloudFront-Viewer-Country": "DE",
        "cloudfront-viewer-city": "M%C3%BCnchen",
        "CloudFront-Viewer-Latitude": "48\r\nX: 1",
        "CloudFront-Viewer-Longitude": "１１",
    }
    decided, server = ask(says(DECISION), viewer=viewer)
    head = server.requests[0][0].decode().lower()
    assert decided.failure is None
    assert "cloudfront-viewer-country: de\r\n" in head
    assert "cloudfront-viewer-city: m%c3%bcnchen\r\n" in head
    assert not any(word in head for word in ("cookie", "latitude", "longitude"))


def test_a_connection_that_ended_unused_is_opened_again() -> None:
    """The other side closes what is idle for long, and need not say so."""
    for end in (whole(orjson.dumps(DECISION), connection="close"), whole(orjson.dumps(DECISION))):
        with RoughServer(last(end), says(DECISION)) as server:
            client = package.Vitrine(server.address, timeout_s=PATIENT_S)
            assert [client.decide(HOME).failure for _ in range(3)] == [None] * 3
            client.close()
        assert server.accepted == 2


def test_what_is_no_json_is_refused_here() -> None:
    """Nothing is sent."""
    decided, server = ask(says(DECISION), request=HOME | {"visit": {"seconds": float("nan")}})
    assert decided.failure == "refused"
    assert server.requests == []


def test_strict_clients_raise() -> None:
    """With the outcome; what works works as ever."""
    with RoughServer(says(FAULTS[500], 500), says(DECISION)) as server:
        client = package.Vitrine(server.address, timeout_s=PATIENT_S, strict=True)
        with pytest.raises(package.VitrineFailed, match=r"failed: 500") as raised:
            client.decide(HOME)
        assert raised.value.outcome.failure == "failed"
        assert client.decide(HOME).answer == DECISION
        client.close()


def test_an_api_that_is_down_is_left_alone() -> None:
    """After five failures calls end at once."""
    with RoughServer(says(FAULTS[500], 500)) as server:
        client = package.Vitrine(server.address, timeout_s=PATIENT_S)
        failures = [client.decide(HOME).failure for _ in range(6)]
        client.close()
    assert failures == ["failed"] * 5 + ["resting"]
    assert len(server.requests) == 5


def test_one_call_a_second_is_let_through() -> None:
    """Until one succeeds; a refusal is an answer, too."""
    health_module = sys.modules["vitrine_client.health"]
    now = [0.0]
    health = health_module.Health(lambda: now[0])

    def may_ask(*at: float) -> Sequence[bool]:
        asked = []
        for now[0] in at:
            try:
                health.check()
            except package.outcomes.Failed:
                asked.append(False)
            else:
                asked.append(True)
        return asked

    for _ in range(health_module.FAILURES):
        assert may_ask(0.0) == [True]
        health.note("late")
    assert may_ask(0.5, 1.0, 1.5, 2.0) == [False, True, False, True]
    health.note("refused")
    assert may_ask(2.1, 2.1) == [True, True]


def test_threads_get_their_own_answers() -> None:
    """Of one client."""

    def echo(request: Any) -> Answer:
        return Answer(DECISION | {"region": request["page"]["query"]})

    with open_stub_site() as site, ThreadPoolExecutor(8) as threads:
        site.decide = echo
        client = package.Vitrine(site.url, timeout_s=PATIENT_S)
        asked = [str(n) for n in range(200)]
        requests = [{"page": {"type": "search", "query": query}} for query in asked]
        assert [decided.answer["region"] for decided in threads.map(client.decide, requests)] == asked
        client.close()


FORKING = """
import os, sys
from vitrine_client import Vitrine
client = Vitrine(sys.argv[1], timeout_s=30)
before = client.decide({"page": {"type": "home"}}).failure
child = os.fork()
after = [client.decide({"page": {"type": "home"}}).failure for _ in range(20)]
os._exit(any(after)) if not child else print(before, any(after), os.waitpid(child, 0)[1])
"""


def test_a_forked_process_has_connections_of_its_own() -> None:
    """As servers fork that load the shop once."""
    with RoughServer(says(DECISION)) as server:
        command = [sys.executable, "-c", FORKING, server.address]
        said = subprocess.run(
            command, cwd=CLIENTS / "python", env={"PYTHONDONTWRITEBYTECODE": "1"}, check=True, capture_output=True
        )
    assert said.stdout.split() == [b"None", b"False", b"0"]
    assert server.accepted == 2


@pytest.mark.parametrize("api", ["api.shop.example", "ftp://shop.example", "https://", ""])
def test_an_api_without_an_address_is_refused(api: str) -> None:
    """When the shop starts, not when a page is asked for."""
    with pytest.raises(ValueError, match="such as https://"):
        package.Vitrine(api)


SECRET = '{"kid": "k2", "key": "0123456789abcdef0123456789abcdef", "old": {"k1": "fedcba9876543210fedcba9876543210"}}'


def test_the_token_of_a_customer_is_one_of_ours() -> None:
    """As the service itself would make it."""
    assert package.visitor_token("h718", SECRET) == mint("h718", parse_keys(SECRET))


@pytest.mark.parametrize(
    ("visitor", "secret"), [("anna@shop.example", SECRET), ("", SECRET), ("h1", "{}"), ("h1", "k")]
)
def test_other_ids_and_secrets_are_refused(visitor: str, secret: str) -> None:
    """What is wrong is said, the secret is not."""
    with pytest.raises(ValueError, match=r"visitor id is|token secret is"):
        package.visitor_token(visitor, secret)
