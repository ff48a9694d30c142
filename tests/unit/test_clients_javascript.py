"""The JavaScript client, run by Node: the same outcomes as the Python client's."""

import json
import shutil
import socket
import subprocess
from typing import Any

import orjson
import pytest

from tests.contract.rough_server import Manner, RoughServer, cuts, drips, hang, reset, says, sends
from tests.contract.rough_server import http as whole
from tests.unit.client_calls import CONSENT, DECISION, DEEP, FAULTS, FRESH, HOME, SHOWN, TOKEN, cut_gzip, gzipped, last
from tests.unit.client_types import CLIENTS, ROOT, python_classes
from vitrine.visitors.identity import mint, parse_keys

NODE = shutil.which("node")
DRIVER = ROOT / "tests" / "unit" / "client_driver.mjs"
PATIENT_MS = 30_000

pytestmark = pytest.mark.skipif(
    NODE is None, reason="tests of the JavaScript client need node (Debian: apt install nodejs)"
)


def run(*command: str) -> str:
    """What Node prints."""
    said = subprocess.run([str(NODE), *command], cwd=ROOT, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


def drive(address: str, *calls: Any, **options: Any) -> list[dict[str, Any]]:
    """What comes of calls to an API, one after the other."""
    told = {"options": {"api": address, "timeoutMs": PATIENT_MS, **options}, "calls": calls}
    outcomes: list[dict[str, Any]] = json.loads(run(str(DRIVER), json.dumps(told)))["outcomes"]
    return outcomes


def decide(request: Any = HOME, *placements: str, **how: Any) -> Any:
    """A call."""
    return {"call": "decide", "request": request, "placements": placements, "how": how}


def ask(*manners: Manner, request: Any = HOME, **options: Any) -> tuple[dict[str, Any], RoughServer]:
    """What comes of one decide, and the server that was asked."""
    with RoughServer(*manners) as server:
        (outcome,) = drive(server.address, decide(request, "home.hero", "toString"), **options)
    return outcome, server


def test_an_answer_is_as_it_was_sent() -> None:
    """With the token to keep, and placements that have every field."""
    decided, server = ask(says(DECISION))
    assert decided["answer"] == DECISION
    assert (decided["visitor"], decided["failure"], decided["fault"]) == (TOKEN, None, None)
    shown, nothing = decided["placements"]
    assert shown == SHOWN
    assert nothing["kind"] == "none"
    assert nothing.keys() == python_classes()["Placement"].keys()
    assert server.bodies() == [HOME]
    assert server.requests[0][0].startswith(b"POST /v1/decide HTTP/1.1")


def test_calls_share_connections() -> None:
    """Of decide and of events; Node may open one more before it knows that the first is free."""
    noted = {"accepted": 1, "duplicates": 0, "rejected": [], "visitor": TOKEN}
    batch = {"events": [{"id": "1", "kind": "view", "at_ms": 1, "item": "1"}], "consent": CONSENT}
    with RoughServer(says(DECISION), says(noted)) as server:
        _, *told = drive(server.address, decide(), *[{"call": "events", "request": batch}] * 5)
    assert [one["answer"] for one in told] == [noted] * 5
    assert told[0]["visitor"] == TOKEN
    assert server.accepted <= 2
    assert server.bodies()[1] == batch


def test_events_have_what_every_event_has() -> None:
    """An id, a kind and a time."""
    told = json.dumps({"options": {"api": "http://127.0.0.1:9"}, "calls": []})
    event = json.loads(run(str(DRIVER), told))["event"]
    assert (event["kind"], event["item"]) == ("view", "1")
    assert event.keys() == {"id", "kind", "at_ms", "item"}


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        (sends(gzipped(DECISION)), None),
        (sends(cut_gzip(DECISION)), "unreadable"),
        (says(FAULTS[500], 500), "failed"),
        (says(FAULTS[429], 429), "failed"),
        (says(FAULTS[400], 400), "refused"),
        (says({}, 300), "failed"),
        (sends(whole(b'{"placements": {')), "unreadable"),
        (sends(whole(DEEP)), "unreadable"),
        (says([]), "unreadable"),
        (says(DECISION | {"placements": None}), "unreadable"),
        (says(DECISION | {"placements": {"home.hero": None}}), "unreadable"),
        (cuts(whole(orjson.dumps(DECISION))[:-3]), "unreachable"),
        (cuts(b""), "unreachable"),
        (reset, "unreachable"),
    ],
)
def test_what_is_no_answer_says_why(manner: Manner, failure: str | None) -> None:
    """The page shows its own content, the visitor keeps the token."""
    decided, _ = ask(manner)
    assert (decided["failure"], decided["visitor"]) == (failure, TOKEN)
    assert (decided["answer"] is None) == (failure is not None)
    assert decided["placements"][0]["kind"] == ("content" if failure is None else "none")


def test_nobody_listens() -> None:
    """At a port that was open a moment ago; the detail is not only that fetch failed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (decided,) = drive(f"http://127.0.0.1:{port}", decide())
    assert decided["failure"] == "unreachable"
    assert "ECONNREFUSED" in decided["detail"]


@pytest.mark.parametrize("manner", [hang, drips(whole(orjson.dumps(DECISION)), 0.05)], ids=["hangs", "drips"])
def test_the_deadline_is_for_the_whole_call(manner: Manner) -> None:
    """A drip would last for half a minute."""
    decided, _ = ask(manner, timeoutMs=200)
    assert (decided["failure"], decided["visitor"]) == ("late", TOKEN)


def test_an_unknown_token_is_dropped_and_the_question_asked_again() -> None:
    """Once, without any token; the visitor's is removed even if the second answer is none."""
    request = HOME | {"device": {"kind": "mobile", "visitor": TOKEN}}
    decided, server = ask(says(FAULTS[401], 401), says(DECISION | {"visitor": FRESH}), request=request)
    assert decided["visitor"] == FRESH
    without = {"page": {"type": "home"}, "consent": CONSENT, "device": {"kind": "mobile"}}
    assert server.bodies() == [request, without]
    decided, server = ask(says(FAULTS[401], 401))
    assert (decided["failure"], decided["visitor"], len(server.requests)) == ("refused", None, 2)
    assert decided["fault"] == FAULTS[401]["error"]


def test_without_consent_no_token_leaves() -> None:
    """And none is to be kept."""
    request = {"page": {"type": "home"}, "visitor": TOKEN, "device": {"visitor": TOKEN}}
    decided, server = ask(says(DECISION | {"visitor": None}), request=request)
    assert server.bodies() == [{"page": {"type": "home"}, "device": {}}]
    assert (decided["failure"], decided["visitor"]) == (None, None)


@pytest.mark.parametrize("as_headers", [False, True])
def test_only_where_the_visitor_is_goes_along(as_headers: bool) -> None:
    """Of Node's headers and of the web's."""
    viewer = {"Cookie": "secret=1", "CloudFront-Viewer-Country": "DE"}
    with RoughServer(says(DECISION)) as server:
        (decided,) = drive(server.address, decide(viewer=viewer, asHeaders=as_headers))
    head = server.requests[0][0].decode().lower()
    assert decided["failure"] is None
    assert "cloudfront-viewer-country: de\r\n" in head
    assert "cookie" not in head


def test_a_connection_that_ended_is_opened_again() -> None:
    """When the other side said that it would."""
    with RoughServer(last(whole(orjson.dumps(DECISION), connection="close")), says(DECISION)) as server:
        assert [one["failure"] for one in drive(server.address, decide(), decide())] == [None, None]
    assert server.accepted == 2


def test_what_is_no_json_is_refused_here() -> None:
    """Nothing is sent."""
    decided, server = ask(says(DECISION), request=HOME | {"nan": True})
    assert decided["failure"] == "refused"
    assert server.requests == []


def test_strict_clients_throw() -> None:
    """With the outcome."""
    with RoughServer(says(FAULTS[500], 500)) as server:
        (thrown,) = drive(server.address, decide(), strict=True)
    assert thrown["thrown"] is True
    assert thrown["message"].startswith("failed: 500")
    assert thrown["outcome"]["failure"] == "failed"


def test_an_api_that_is_down_is_left_alone() -> None:
    """After five failures calls end at once."""
    with RoughServer(says(FAULTS[500], 500)) as server:
        outcomes = drive(server.address, *[decide()] * 6)
    assert [one["failure"] for one in outcomes] == ["failed"] * 5 + ["resting"]
    assert len(server.requests) == 5


def test_the_token_of_a_customer_is_one_of_ours() -> None:
    """As the service itself would make it; other ids are refused."""
    secret = json.dumps({"kid": "k2", "key": "0123456789abcdef0123456789abcdef"})
    script = f"""
        import {{visitorToken}} from {json.dumps(str(CLIENTS / "javascript" / "vitrine-token.js"))};
        console.log(visitorToken("h718", {json.dumps(secret)}));
        try {{
            visitorToken("anna@shop.example", "{{}}");
        }} catch (error) {{
            console.log(error.message);
        }}
    """
    token, refused = run("--input-type=module", "-e", script).splitlines()
    assert token == mint("h718", parse_keys(secret))
    assert refused.startswith("a visitor id is")
