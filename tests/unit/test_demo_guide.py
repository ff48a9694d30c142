"""What the demo tells a person to try."""

import argparse
import json
import shlex
import subprocess
import time
from importlib import import_module
from pathlib import Path

import pytest

from vitrine.api.decide import DecideBody
from vitrine.api.events import EventsBody
from vitrine.api.explain import ExplainBody
from vitrine.cli.demo_guide import HOUSEHOLD, NEIGHBOUR, Goods, Place, beside_python, guide

TOKENS = {HOUSEHOLD: "v1.k1.h718.a", NEIGHBOUR: "v1.k1.h1.b"}
GOODS = Goods(["11", "12", "13", "14", "15"], ["21", "22"])
PARSED = "curl() { printf '%s\\0' \"$@\"; }; "


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The guide of a demo whose folder has a blank in its name."""
    state = tmp_path_factory.mktemp("the state")
    return guide(
        Place("http://127.0.0.1:8080", state, state / "logs" / "a.log", "op-token"), TOKENS, "v1.k1.new.c", GOODS
    )


def words(command: str) -> list[str]:
    """What a shell makes of a pasted command."""
    done = subprocess.run(["bash", "-c", PARSED + command], capture_output=True, text=True, check=True)
    return done.stdout.split("\0")[:-1]


def posted(text: str, path: str) -> list[bytes]:
    """Bodies of the commands that post to a path."""
    commands = [words(line) for line in text.splitlines() if line.startswith("curl ")]
    return [command[-1].encode() for command in commands if command[1].endswith(path)]


def test_every_page_of_the_guide_is_a_valid_request(text: str) -> None:
    """Pasted into a shell: a stranger, two households, a product, a cart, a newcomer; each as decide takes it."""
    bodies = [json.loads(body) for body in posted(text, "/v1/decide")]
    for body in posted(text, "/v1/decide"):
        DecideBody.from_body(body)
    assert [body["page"]["type"] for body in bodies] == [
        *("home", "home", "home", "product", "cart", "home", "cart", "cart")
    ]
    assert [body.get("visitor") for body in bodies] == [None, *TOKENS.values(), None, None, *["v1.k1.new.c"] * 3]
    assert bodies[3]["page"]["item"] == "21"
    assert [line["item"] for line in bodies[4]["cart"]] == ["21", "22"]


def test_the_operators_commands_are_valid_requests_with_their_token(text: str) -> None:
    """The same household in the heat and in the cold."""
    bodies = [ExplainBody.from_body(body) for body in posted(text, "/v1/explain")]
    assert [body.preview.attributes["weather.temperature_c"] for body in bodies if body.preview] == [33, -10]
    assert text.count("authorization: Bearer op-token") == 2


def test_its_vitrine_commands_are_right_usage(text: str) -> None:
    """Every command of ours that it prints is one that the command line understands, the state's folder included."""
    lines = [line.partition(": ")[2] for line in text.splitlines() if "vitrine " in line and "--stack-state" in line]
    commands = [words(line.replace(beside_python("vitrine"), "curl")) for line in lines]
    assert [command[0] for command in commands] == ["token", "weather", "why", "demo", "outreach"]
    for name, *options in commands:
        parser = argparse.ArgumentParser()
        import_module(f"vitrine.cli.{name}_command").configure(parser)
        assert parser.parse_args(options).stack_state.name.startswith("the state")


def test_views_happen_when_they_are_pasted(text: str) -> None:
    """Their instants are the shell's present, however long the demo has been running."""
    before = int(time.time())
    (body,) = posted(text, "/v1/events")
    after = int(time.time())
    EventsBody.from_body(body)
    events = json.loads(body)["events"]
    assert [event["item"] for event in events] == GOODS.baby_food
    assert all(before <= event["at_ms"] // 1000 <= after for event in events)


def test_the_guide_names_what_else_there_is(text: str) -> None:
    """How to get another token, where the log is, another port, a fresh start."""
    (token,) = (line.partition(": ")[2] for line in text.splitlines() if "vitrine token" in line)
    program, *arguments = shlex.split(token)
    assert Path(program).is_file()
    assert arguments[:3] == ["token", "h2", "--stack-state"]
    assert Path(arguments[3]).is_dir()
    for hint in ("a.log", "PORT=8081", "RESET=1", "/_local/invoke/RefreshRecommendationsFunction"):
        assert hint in text
