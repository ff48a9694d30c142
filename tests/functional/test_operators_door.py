"""The local gateway in front of operators' routes: the stand-in for the authorizer that the template asks for."""

import asyncio
import json
import socket
from pathlib import Path

import aiohttp
import pytest

from vitrine.cli import main
from vitrine.errors import LocalStackError
from vitrine.local.declared import Function, Route, read_routes
from vitrine.local.gateway import Gateway
from vitrine.local.operator import NOTE, is_operator, make_token, read_token
from vitrine.local.sandbox import Outcome
from vitrine.local.template import Template

ROOT = Path(__file__).parents[2]
TOKEN = "the-operators-own"
ROUTES = (Route("GET", "/open", "F"), Route("GET", "/why/{id}", "F", for_operators=True))


def function() -> Function:
    """A function with one open and one guarded route."""
    return Function(
        id="F", name="f", folder=ROOT, handler="app.handler", memory_mb=128, timeout_s=3.0, reserved=None,
        snap_start=False, log_format="JSON", log_level="INFO", environment={}, routes=ROUTES, schedules=(), sources=(),
        max_retries=0, failures=None,
    )  # fmt: skip


def ask(path: str, headers: dict[str, str], token: str = TOKEN) -> tuple[int, object, int]:
    """Status and JSON of a request through a gateway with this token, and how often the function ran."""
    calls: list[str] = []

    async def answer(name: str, event: bytes) -> Outcome:
        calls.append(name)
        return Outcome(b'{"ran": true}')

    async def one() -> tuple[int, object]:
        gateway = Gateway([function()], None, answer, lambda *_: None, operator_token=token)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await gateway.start(listener)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
            async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as response:
                status, body = response.status, await response.read()
            await gateway.stop()
        return status, json.loads(body)

    status, body = asyncio.run(one())
    return status, body, len(calls)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer \u00e9"},
        {"X-Authorization": f"Bearer {TOKEN}"},
    ],
)
def test_a_guarded_route_is_shut_without_the_token(headers: dict[str, str]) -> None:
    """API Gateway's own refusal, and the function never hears of the request."""
    assert ask("/why/1", headers) == (403, {"message": "Forbidden"}, 0)


def test_a_stack_without_a_token_lets_nobody_in() -> None:
    """An empty token is no password."""
    assert ask("/why/1", {"Authorization": "Bearer "}, token="")[0] == 403


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_opens_it(scheme: str) -> None:
    """Negative control: the refusals above are the token's doing."""
    assert ask("/why/1", {"Authorization": f"{scheme} {TOKEN}"}) == (200, {"ran": True}, 1)


def test_other_routes_need_none() -> None:
    """A page view goes through without any header."""
    assert ask("/open", {}) == (200, {"ran": True}, 1)


def test_the_template_says_which_routes_are_guarded() -> None:
    """Any authorizer guards; none, or NONE, does not."""
    events = [
        ("Iam", {"Type": "HttpApi", "Properties": {"Method": "GET", "Path": "/a", "Auth": {"Authorizer": "AWS_IAM"}}}),
        ("Jwt", {"Type": "HttpApi", "Properties": {"Method": "GET", "Path": "/b", "Auth": {"Authorizer": "Staff"}}}),
        ("None", {"Type": "HttpApi", "Properties": {"Method": "GET", "Path": "/c", "Auth": {"Authorizer": "NONE"}}}),
        ("Open", {"Type": "HttpApi", "Properties": {"Method": "GET", "Path": "/d"}}),
    ]
    assert [route.for_operators for route in read_routes("F", events)] == [True, True, False, False]


def test_the_products_own_routes() -> None:
    """Whatever the template guards on AWS is guarded on a laptop."""
    template = Template.read(ROOT / "template.yaml", {})
    data = dict.fromkeys(template.data_references().values(), "x")
    routes = [route for one in template.functions(template.resolver(data, "")) for route in one.routes]
    assert {route.key for route in routes if route.for_operators} == {
        "POST /v1/explain",
        "GET /v1/decisions/{decision}",
        "GET /v1/decisions/{decision}/replay",
        "PUT /v1/people/{person}",
        "GET /v1/people/{person}",
        "DELETE /v1/people/{person}",
    }


def test_a_token_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """The same for every start on the state, another one elsewhere, readable by its owner only."""
    token = make_token(tmp_path)
    assert len(token) >= 32
    assert make_token(tmp_path) == read_token(tmp_path) == token
    assert (tmp_path / NOTE).stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    assert make_token(tmp_path / "other") != token
    assert is_operator(f"Bearer {token}", token)


def test_an_empty_note_is_refused(tmp_path: Path) -> None:
    """Cut off by a full disk: no token is better than an empty one."""
    (tmp_path / NOTE).touch()
    with pytest.raises(LocalStackError, match="delete it"):
        make_token(tmp_path)


def test_the_command_prints_it_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fit for a command substitution; without a state it says what to do."""
    token = make_token(tmp_path)
    assert main(["operator", "--stack-state", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{token}\n"
    assert main(["operator", "--stack-state", str(tmp_path / "none")]) == 1
    assert "make demo" in capsys.readouterr().err
