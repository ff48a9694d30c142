"""A cold environment whose every dependency is down from the start: the bundle answers, with real bestsellers.

The real handler in a process of its own, once with all addresses refused and once with all of them hanging.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from tests.functional.handlers import recorded_event, with_body
from vitrine.adapters.release_objects import RELEASE_FOLDER
from vitrine.api.store_folder import compile_store
from vitrine.cli.build_release import own_release, write_release
from vitrine.decisions.release import BESTSELLERS, MANIFEST, MODEL, RANKER, STORE, Manifest, Part
from vitrine.decisions.serving_object import pack_serving

ROOT: Final = Path(__file__).parents[2]
DEADLINE_MS: Final = 150
SLACK_MS: Final = 850.0  # of a machine that others use, too; what is measured is what `make faults` prints
BODY: Final = {"page": {"type": "home"}, "consent": ["personalization"], "options": {"deadline_ms": DEADLINE_MS}}
CHILD: Final = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
import app
event = json.loads(sys.stdin.readline())
for _ in range(3):
    started = time.perf_counter()
    answer = app.handler(event, None)
    print("ANSWER", json.dumps([(time.perf_counter() - started) * 1000, answer]), flush=True)
"""


def bundle_with_bestsellers(folder: Path) -> Path:
    """A bundle as `vitrine build` leaves it of a stack: store, model, and what sold best when it was built."""
    ranker = ROOT / "models" / "ranker"
    card = {"title": "Milk", "url": "/p/milk", "image": "/i/milk.svg", "price": 199, "regular_price": 199}
    best = [{"item": f"milk{n}", "currency": "USD", "category": "grocery/dairy/milk", **card} for n in range(20)]
    parts = {
        STORE: compile_store(ROOT / "tests/fixtures/store", range(0)),
        MODEL: (ranker / MODEL).read_bytes(),
        RANKER: (ranker / MANIFEST).read_bytes(),
        BESTSELLERS: orjson.dumps({"north": best}),
    }
    manifest = Manifest("20261122T000000-00000000", 1, 1, 0, {name: Part.of(data) for name, data in parts.items()})
    write_release(folder / RELEASE_FOLDER, pack_serving(manifest.to_bytes(), parts))
    return folder


@contextmanager
def silent() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def refused() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def cold_answers(endpoint: str, bundle: Path) -> list[tuple[float, dict[str, Any]]]:
    """Milliseconds and bodies of the first answers of a fresh environment."""
    env = {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_LAMBDA_RUNTIME_API": "none",  # so that INIT comes before the first request, as in Lambda
        "VITRINE_BUNDLE": str(bundle),
        "VITRINE_DECISIONS_STREAM": "records",
        "VITRINE_RELEASES_BUCKET": "releases",
        "VITRINE_TABLE": "table",
        "VITRINE_TOKEN_SECRET": "secret",
    }
    event = json.dumps(with_body(recorded_event("decide"), BODY))
    command = [sys.executable, "-c", CHILD, str(ROOT / "functions" / "decide")]
    ran = subprocess.run(command, input=event, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert ran.returncode == 0, ran.stderr
    told = [json.loads(line.removeprefix("ANSWER ")) for line in ran.stdout.splitlines() if line.startswith("ANSWER ")]
    assert [answer["statusCode"] for _, answer in told] == [200] * 3
    return [(took_ms, json.loads(answer["body"])) for took_ms, answer in told]


@pytest.mark.parametrize("down", [refused, silent])
def test_with_everything_down_the_bundles_bestsellers_are_shown(down: Any, tmp_path: Path) -> None:
    """200 at once, with items, and every stage that gave up named."""
    with down() as endpoint:
        answers = cold_answers(endpoint, bundle_with_bestsellers(tmp_path))
    for took_ms, body in answers:
        shown = body["placements"]["home.recs"]
        assert shown["fallback"]
        assert [item["id"] for item in shown["items"]][:3] == ["milk0", "milk1", "milk2"]
        assert shown["items"][0]["card"]["title"] == "Milk"
        assert {"identity", "lists"} <= set(body["skipped"])
        assert body["release"] == "20261122T000000-00000000"
        assert took_ms < DEADLINE_MS + SLACK_MS


def test_a_bundle_without_a_stack_answers_too(tmp_path: Path) -> None:
    """As it is built without one: nothing to show, and that is said."""
    write_release(tmp_path / RELEASE_FOLDER, own_release(ROOT))
    with refused() as endpoint:
        for _, body in cold_answers(endpoint, tmp_path):
            assert body["skipped"]
            assert body["release"] == "bundle"


def test_the_bundle_is_what_answers(tmp_path: Path) -> None:
    """Negative control: without the bundled release there is nothing to show from."""
    (tmp_path / "store").symlink_to(ROOT / "tests/fixtures/store")
    (tmp_path / "models").symlink_to(ROOT / "models")
    with refused() as endpoint:
        for _, body in cold_answers(endpoint, tmp_path):
            assert not body["placements"]["home.recs"]["items"]
