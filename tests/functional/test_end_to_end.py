"""The whole product as template.yaml declares it, on a small lake: refresh, decide, events, decide again."""

import gzip
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.functional.handlers import ROOT
from vitrine.local.stack import LocalStack

pytestmark = pytest.mark.stack

JARS = [Good(f"jar{n}", "baby/food/jars") for n in range(6)]
BREAD = [Good(f"bread{n}", f"grocery/bread/kind-{n % 4}") for n in range(12)]  # more kinds than a row may repeat
CONSENT = ["personalization"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The running stack with a published release: everybody buys bread, a few buy jars."""
    folder = tmp_path_factory.mktemp("stack")
    sales = []
    for basket in range(60):
        bought = [f"bread{(basket + n) % 12}" for n in range(4)] + (
            [f"jar{(basket + n) % 6}" for n in range(3)] if basket % 5 == 0 else []
        )
        sales += [Sale(f"h{basket % 20}", f"b{basket}", basket, item) for item in bought]
    lake = write_lake(folder / "lake", [*JARS, *BREAD], sales)
    with LocalStack(
        ROOT / "template.yaml",
        folder / "state",
        environment={"VITRINE_BUNDLE": str(ROOT), "VITRINE_EXERCISE_PER_MILLION": "1"},
        parameters={"CodeSha256": "0" * 64},
        log=lambda name, line: None,
    ) as running:
        variables = running.environment("RefreshRecommendationsFunction")
        s3 = running.client("s3")
        for path in lake.rglob("*.parquet"):
            s3.upload_file(str(path), variables["VITRINE_LAKE_BUCKET"], path.relative_to(lake).as_posix())
        refreshed = running.invoke("RefreshRecommendationsFunction", {})
        assert not refreshed.failed, refreshed.payload
        yield running


def call(stack: LocalStack, route: str, body: Any) -> tuple[int, Any]:
    """Status and JSON of a POST; a body that is not bytes is encoded."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(stack.url + route, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def home(stack: LocalStack, token: str | None = None) -> dict[str, Any]:
    """A home page for the token's visitor, with time enough for a busy machine."""
    body = {"page": {"type": "home"}, "consent": CONSENT, "visitor": token, "options": {"deadline_ms": 3000}}
    status, answer = call(stack, "/v1/decide", body)
    assert status == 200, answer
    return answer


def items(answer: dict[str, Any], placement: str = "home.recs") -> list[str]:
    """What a placement shows."""
    return [item["id"] for item in answer["placements"][placement]["items"]]


def lines(stack: LocalStack, prefix: str) -> list[dict[str, Any]]:
    """Records that a firehose has written below a prefix of the lake."""
    s3 = stack.client("s3")
    bucket = stack.environment("RefreshRecommendationsFunction")["VITRINE_LAKE_BUCKET"]
    found = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
        data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        found += [json.loads(line) for line in text.splitlines()]
    return found


def test_a_view_changes_the_next_home_page_and_reaches_the_lake(stack: LocalStack) -> None:
    """Bread for a stranger; after five views of baby food, baby food; every step is on record."""
    stranger = home(stack)
    assert items(stranger)
    assert all(item.startswith("bread") for item in items(stranger)[:4])
    assert stranger["skipped"] == []

    now_ms = int(time.time() * 1000)
    views = [{"id": f"v{n}", "kind": "view", "at_ms": now_ms - 1000 * n, "item": f"jar{n}"} for n in range(5)]
    spoiled = {"id": "v9", "kind": "view", "at_ms": now_ms + 86_400_000, "item": "jar1"}
    body = {"visitor": stranger["visitor"], "consent": CONSENT, "events": [*views, spoiled]}
    status, taken = call(stack, "/v1/events", body)
    assert (status, taken["accepted"], [fault["index"] for fault in taken["rejected"]]) == (200, 5, [5])

    after = home(stack, stranger["visitor"])
    assert items(after, "home.viewed") == [f"jar{n}" for n in range(5)]
    assert "jar5" in items(after)[:4]  # the one that was not looked at yet
    assert "jar5" not in items(stranger)[:4]

    assert {line["id"] for line in lines(stack, "events/raw/")} == {f"v{n}" for n in range(5)}
    recorded = [line["decision"] for line in lines(stack, "decisions/")]
    assert {stranger["decision"], after["decision"]} <= set(recorded)


def leaving(stack: LocalStack, token: str, session: str) -> dict[str, Any]:
    """The cart of a visitor who has just come back to the tab."""
    body = {
        "page": {"type": "cart"},
        "visitor": token,
        "session": session,
        "consent": CONSENT,
        "cart": [{"item": "bread1"}],
        "signals": {"tab_return": True},
        "options": {"deadline_ms": 3000},
    }
    status, answer = call(stack, "/v1/decide", body)
    assert status == 200, answer
    return answer


def ask(stack: LocalStack, route: str, token: str) -> tuple[int, Any]:
    """Status and JSON of an operators' GET."""
    request = urllib.request.Request(stack.url + route, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_an_overlay_comes_once_a_session_and_its_decision_replays(stack: LocalStack) -> None:
    """The cap is counted in the table; the record gives the same answer again, to operators only."""
    for _ in range(9):  # one stranger in twenty is in the holdout
        token = home(stack)["visitor"]
        shown = leaving(stack, token, "s1")
        if not shown["placements"]["site.overlay"]["control"]:
            break
    again, later = leaving(stack, token, "s1"), leaving(stack, token, "s2")
    campaigns = [answer["placements"]["site.overlay"]["campaign"] for answer in (shown, again, later)]
    assert campaigns == ["tab-return", None, "tab-return"]
    route = f"/v1/decisions/{shown['decision']}"
    assert ask(stack, f"{route}/replay", "guess")[0] == 403
    status, replayed = ask(stack, f"{route}/replay", stack.operator_token)
    assert (status, replayed["identical"], replayed["gone"], replayed["differs"]) == (200, True, [], [])
    assert replayed["answer"]["placements"] == shown["placements"]
    told = ask(stack, route, stack.operator_token)[1]
    considered = told["explanation"]["placements"]["site.overlay"]["considered"]
    assert {"campaign": "tab-return", "outcome": "shown", "variation": "default"} in considered


def test_bad_input_is_named_at_the_door(stack: LocalStack) -> None:
    """Through HTTP, runtime and handler: 4xx, the fault, the field; nothing of it is written."""
    faults = {
        b'{"page": {"type": "home"}, "x": NaN}': (400, "malformed_json", ""),
        b'{"page": {"type": "home"}, "page": {"type": "home"}}': (400, "malformed_json", ""),
        b'{"page": {"type": "attic"}}': (400, "invalid_field", "page.type"),
        b'{"page": {"type": "home"}, "colour": "red"}': (400, "invalid_field", "colour"),
        b'{"page": {"type": "home"}, "visitor": "v1.k1.h1.forged"}': (401, "invalid_token", "visitor"),
        b'{"page": {"type": "home"}, "query": "\xff"}': (400, "malformed_json", ""),
        b" " * 17_000 + b"{}": (413, "body_too_large", ""),
    }
    for body, expected in faults.items():
        status, answer = call(stack, "/v1/decide", body)
        assert (status, answer["error"]["code"], answer["error"]["field"]) == expected, body[:60]
        assert answer["error"]["message"]


def test_the_shop_may_call_from_its_own_origin_only(stack: LocalStack) -> None:
    """A browser's preflight passes for the template's origin and for no other."""
    for origin, allowed in {"http://127.0.0.1:8080": "http://127.0.0.1:8080", "https://evil.example": None}.items():
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        request = urllib.request.Request(stack.url + "/v1/decide", method="OPTIONS", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_pictures_of_the_cards_are_served(stack: LocalStack) -> None:
    """The path in a card leads to an SVG."""
    with urllib.request.urlopen(stack.url + "/media/baby/food/jars.svg", timeout=10) as response:
        assert response.headers["Content-Type"] == "image/svg+xml"
        assert response.read().startswith(b"<svg")


def test_a_new_release_takes_over_without_a_restart(stack: LocalStack) -> None:
    """The pointer flips, the next decisions notice, and no answer is empty in between."""
    before = home(stack)["release"]
    refreshed = stack.invoke("RefreshRecommendationsFunction", {})
    assert not refreshed.failed, refreshed.payload
    seen = []
    give_up = time.monotonic() + 20
    while (not seen or seen[-1] == before) and time.monotonic() < give_up:
        answer = home(stack)
        assert items(answer)
        seen.append(answer["release"])
    assert seen[-1] != before
