"""What the runner's API does with a request before and after the function."""

import asyncio
import json
import socket

import aiohttp

from tests.functional.runner.calls import ORIGIN, call, get
from vitrine.local.gateway import Gateway
from vitrine.local.sandbox import Outcome
from vitrine.local.stack import LocalStack

MB = 1024 * 1024


def test_handler_gets_event_context_and_environment(stack: LocalStack) -> None:
    """A request arrives as payload 2.0, in a child that sees what Lambda would show and nothing of ours."""
    status, headers, body = call(stack, "GET", "/echo/7?a=1&a=2", headers={"Cookie": "k=1"})
    seen = json.loads(body)
    assert status == 201
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ("x-seen", "yes") in headers
    assert seen["event"]["routeKey"] == "GET /echo/{id}"
    assert seen["event"]["pathParameters"] == {"id": "7"}
    assert seen["event"]["queryStringParameters"] == {"a": "1,2"}
    assert seen["event"]["cookies"] == ["k=1"]
    assert seen["memory"] == "256"
    assert 0 < seen["remaining_ms"] <= 5000
    assert seen["table"] == stack.environment("EchoFunction")["TABLE"]
    assert seen["endpoint"] == stack.endpoint
    assert seen["home"] is None


def test_body_arrives_as_sent(stack: LocalStack) -> None:
    """Text stays text, and a plain result becomes 200 with JSON."""
    _, _, body = call(stack, "POST", "/echo", '{"é":1}'.encode(), {"Content-Type": "application/json"})
    event = json.loads(body)["event"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"é":1}', False)
    assert get(stack, "/echo/plain") == (200, {"plain": True})


def test_unknown_route_is_not_found(stack: LocalStack) -> None:
    """API Gateway's own answer, for a path and for a method that no route has."""
    assert get(stack, "/nowhere") == (404, {"message": "Not Found"})
    assert call(stack, "DELETE", "/echo")[0] == 404


def test_body_over_ten_megabytes_is_refused(stack: LocalStack) -> None:
    """API Gateway's payload limit."""
    status, _, body = call(stack, "POST", "/echo", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(body)) == (413, {"message": "Request Entity Too Large"})


def test_event_over_six_megabytes_is_refused(stack: LocalStack) -> None:
    """Lambda's limit for an invocation counts the event: text by its UTF-8 bytes, what is binary by its base64."""
    text, binary = {"Content-Type": "application/json"}, {"Content-Type": "application/octet-stream"}
    too_long = (413, {"message": "Request Too Long"})
    for body, headers in [(b"x" * 6 * MB, text), ("\N{CYRILLIC SMALL LETTER ZHE}".encode() * 3 * MB, text)]:
        status, _, said = call(stack, "POST", "/echo", body, headers)
        assert (status, json.loads(said)) == too_long
    status, _, said = call(stack, "POST", "/echo", b"x" * (5 * MB), binary)
    assert (status, json.loads(said)) == too_long
    status, _, _ = call(stack, "GET", "/echo/plain", "\N{CYRILLIC SMALL LETTER ZHE}".encode() * (5 * MB // 2), text)
    assert status == 200


def test_forwarded_port_is_the_schemes_when_none_is_named(stack: LocalStack) -> None:
    """A Host header without a port means port 80, one with a port means that one."""
    for host, port in {"shop.example": "80", "shop.example:8081": "8081", "[::1]": "80", "[::1]:90": "90"}.items():
        _, _, body = call(stack, "GET", "/echo/1", headers={"Host": host})
        assert json.loads(body)["event"]["headers"]["x-forwarded-port"] == port


def test_cors_is_the_templates(stack: LocalStack) -> None:
    """Preflight is answered without the function; answers to a permitted origin say so."""
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    status, headers, _ = call(stack, "OPTIONS", "/echo", headers=preflight)
    assert status == 204
    assert ("access-control-allow-methods", "GET,POST") in headers
    assert ("access-control-max-age", "600") in headers
    _, permitted, _ = call(stack, "GET", "/echo/plain", headers={"Origin": ORIGIN})
    assert ("access-control-allow-origin", ORIGIN) in permitted
    _, refused, _ = call(stack, "GET", "/echo/plain", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in dict(refused)


def test_schedule_can_be_run_now(stack: LocalStack) -> None:
    """The local door sends the schedule's event when it is given none, and refuses web pages and unknown names."""
    status, _, body = call(stack, "POST", "/_local/invoke/EchoFunction")
    event = json.loads(json.loads(body)["body"])["event"]
    assert (status, event["source"], event["detail-type"]) == (200, "aws.events", "Scheduled Event")
    assert call(stack, "POST", "/_local/invoke/EchoFunction", headers={"Origin": ORIGIN})[0] == 403
    assert call(stack, "POST", "/_local/invoke/EchoFunction", headers={"Host": "evil.example"})[0] == 403
    assert call(stack, "POST", "/_local/invoke/Nobody")[0] == 404


def test_caller_does_not_wait_longer_than_the_integration_timeout(stack: LocalStack) -> None:
    """API Gateway gives up on a function that still runs: 503, thirty seconds on AWS and shorter here."""

    async def never_done(function: str, event: bytes) -> Outcome:
        await asyncio.sleep(3600)
        return Outcome(event)

    async def ask() -> tuple[int, bytes]:
        functions = [stack.functions["EchoFunction"]]
        gateway = Gateway(functions, None, never_done, lambda *_: None, integration_timeout_s=0.05)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await gateway.start(listener)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/echo/1"
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                status, body = response.status, await response.read()
            await gateway.stop()
        return status, body

    status, body = asyncio.run(ask())
    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})
