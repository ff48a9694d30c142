"""Operators' calls through the real handler, over a store in memory: why, and the same decision again."""

import gzip
from dataclasses import asdict, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest

from tests.functional.handlers import call, load_handler, recorded_event, with_body
from tests.unit import pages
from tests.unit.pages import NOW
from tests.unit.recorded import RELEASE, World
from vitrine import keys
from vitrine.adapters.clock import new_id
from vitrine.adapters.decision_log import LakeDecisionLog
from vitrine.adapters.memory import MemoryObjects, MemoryStream
from vitrine.api.operate import DIGEST_HEADER
from vitrine.decisions.context import DecisionRequest
from vitrine.errors import DependencyFailed
from vitrine.service.decide import DecideService, Outcome
from vitrine.service.releases import Releases
from vitrine.service.replay import Replay
from vitrine.types import Page
from vitrine.visitors.identity import TokenKeys, mint
from vitrine.wiring.operate import Operations

KEYS = TokenKeys("k1", {"k1": b"0123456789abcdef0123456789abcdef"})
CONSENT = frozenset({"personalization"})
PRODUCT = DecisionRequest(Page("product", item="item1"), session="s1", consent=CONSENT)
BODY = {"page": {"type": "product", "item": "item1"}, "session": "s1", "consent": ["personalization"]}


class Rig:
    """The operators' handler, and the decide service whose records it reads."""

    def __init__(self) -> None:
        self.world = World()
        self.table = self.world.table
        self.table.rows |= {keys.card(f"item{n}"): card_row(f"item{n}") for n in range(30)}
        self.stream, self.lake = MemoryStream(), MemoryObjects()
        self.decisions = DecideService(
            table=self.table,
            releases=Releases(self.table, lambda pointer: self.world.load(RELEASE), lambda: self.world.load(RELEASE)),
            records=self.stream,
            token_keys=lambda kid: KEYS,
            clock=lambda: NOW,
            new_id=new_id,
            entropy=bytes,
            seconds=lambda: 0.0,  # a machine that is busy must not change a decision
            exercise_share=0.0,  # ids are random
        )
        replay = Replay(self.table, self.world.load, LakeDecisionLog(self.lake, lambda: NOW))
        self.app = load_handler("operate")
        self.app.service = lambda: Operations(self.decisions, replay)

    def decided(self, request: DecisionRequest = PRODUCT, visitor: str | None = "h1") -> Outcome:
        """A page view of a visitor, whose record Firehose has delivered."""
        outcome = self.decisions.decide(None if visitor is None else mint(visitor, KEYS), request)
        at = NOW - timedelta(seconds=30)
        name = f"decisions/{at:%Y/%m/%d}/decisions-1-{at:%Y-%m-%d-%H-%M-%S}-1.jsonl.gz"
        self.lake.put(name, gzip.compress(b"".join(record + b"\n" for record in self.stream.records)))
        return outcome

    def get(self, decision: str, what: str = "") -> tuple[int, Any, dict[str, str]]:
        """An operator's question about a decision."""
        path = f"/v1/decisions/{decision}{what}"
        event = recorded_event("operate") | {"rawPath": path, "pathParameters": {"decision": decision}}
        event["requestContext"]["http"]["path"] = path
        return call(self.app, event)

    def explain(self, body: object) -> tuple[int, Any, dict[str, str]]:
        """An operator's question about a page view that nobody made."""
        event = with_body(recorded_event("operate"), body) | {"rawPath": "/v1/explain"}
        event["requestContext"]["http"] |= {"path": "/v1/explain", "method": "POST"}
        return call(self.app, event)


def card_row(item: str) -> dict[str, Any]:
    """The row of an item's card."""
    card = pages.card(item)
    return asdict(card) | {"updated_ms": 0}


@pytest.fixture
def rig() -> Rig:
    """A fresh store."""
    return Rig()


def test_a_recorded_decision_is_made_again_byte_for_byte(rig: Rig) -> None:
    """The body of the answer stands in the replay as it was sent, and its digest says so."""
    outcome = rig.decided()
    rig.table.rows = {key: value for key, value in rig.table.rows.items() if key.sk.startswith("R#")}
    status, answer, headers = rig.get(outcome.decision.id, "/replay")
    assert (status, answer["identical"], answer["gone"], answer["differs"]) == (200, True, [], [])
    assert answer["answer"] == orjson.loads(outcome.body)
    assert headers[DIGEST_HEADER] == sha256(outcome.body).hexdigest()
    event = recorded_event("operate") | {"rawPath": f"/v1/decisions/{outcome.decision.id}/replay"}
    event["requestContext"]["http"]["path"] = event["rawPath"]
    assert outcome.body.decode() in rig.app.handler(event, None)["body"]


def test_first_calls_are_replayed(rig: Rig) -> None:
    """Who had no token."""
    outcome = rig.decided(PRODUCT, visitor=None)
    assert rig.get(outcome.decision.id, "/replay")[1]["identical"]


def test_who_did_not_agree_to_be_recognised_has_no_record(rig: Rig) -> None:
    """The answer says why there is none."""
    outcome = rig.decided(replace(PRODUCT, consent=frozenset({"geo"})), visitor=None)
    status, answer, _ = rig.get(outcome.decision.id, "/replay")
    assert status == 404
    assert "did not agree to be recognised" in answer["error"]["message"]


def test_what_is_gone_is_named(rig: Rig) -> None:
    """A retired release: 200, not the same, and which row it wants for."""
    outcome = rig.decided()
    rig.table.rows = {}
    status, answer, _ = rig.get(outcome.decision.id, "/replay")
    assert (status, answer["identical"]) == (200, False)
    assert f"list row I#item1 of release {RELEASE} is gone" in answer["gone"]
    assert answer["differs"]
    rig = Rig()
    outcome = rig.decided()
    rig.world.gone = True
    status, answer, headers = rig.get(outcome.decision.id, "/replay")
    assert (status, answer["identical"], answer["answer"]) == (200, False, None)
    assert answer["gone"][0].startswith(f"release {RELEASE}: ")
    assert DIGEST_HEADER not in headers


def test_why_a_decision_was_made(rig: Rig) -> None:
    """The readable record beside the explanation of the replay; no token anywhere."""
    outcome = rig.decided()
    status, answer, _ = rig.get(outcome.decision.id)
    assert (status, answer["identical"]) == (200, True)
    assert answer["record"]["decision"] == answer["explanation"]["decision"] == outcome.decision.id
    assert (answer["record"]["visitor"], answer["record"]["request"]["page"]["item"]) == ("h1", "item1")
    top = answer["explanation"]["placements"]["home.top"]
    assert {one["campaign"]: one["outcome"] for one in top["considered"]}["rain"] == "shown"
    item = answer["explanation"]["placements"]["product.more"]["items"][0]
    assert {"lists", "features", "score", "model_score", "rules", "propensity"} <= item.keys()
    assert "inputs" not in answer["record"]
    assert mint("h1", KEYS) not in orjson.dumps(answer).decode()


def test_explaining_counts_and_records_nothing(rig: Rig) -> None:
    """An operator looks as a visitor: the visitor's caps are as before, and no token is handed out."""
    before = {key: dict(value) for key, value in rig.table.rows.items()}
    for visitor in (mint("h1", KEYS), None):
        status, answer, _ = rig.explain(BODY | {"visitor": visitor})
        assert status == 200
        assert answer["answer"]["placements"].keys() == answer["explanation"]["placements"].keys()
        assert "visitor" not in answer["answer"]
        assert "v1.k1." not in orjson.dumps(answer).decode()
    assert rig.table.rows == before
    assert rig.stream.records == []


def test_circumstances_can_be_supposed(rig: Rig) -> None:
    """Another region, another hour."""
    supposed = {"region": "south", "at": "2026-07-15T14:00:00-05:00"}
    status, answer, _ = rig.explain(BODY | {"preview": supposed})
    assert (status, answer["answer"]["region"]) == (200, "south")
    assert answer["explanation"]["region_source"] == "preview"
    assert answer["explanation"]["at"] == "2026-07-15T14:00:00-05:00"


@pytest.mark.parametrize("what", ["", "/replay"])
def test_an_unknown_decision_is_404_with_a_reason(rig: Rig, what: str) -> None:
    """It may be too early: the message says so."""
    rig.decided()
    status, answer, _ = rig.get(new_id(NOW), what)
    assert (status, answer["error"]["code"]) == (404, "unknown_decision")
    assert "five minutes" in answer["error"]["message"]


@pytest.mark.parametrize("decision", ["d-1", "0" * 25, "z" * 26, "O" * 26, "%2e%2e"])
@pytest.mark.parametrize("what", ["", "/replay"])
def test_a_malformed_id_is_400(rig: Rig, decision: str, what: str) -> None:
    """Before anything is looked up."""
    rig.lake.outage = DependencyFailed("bucket", "not to be asked")
    status, answer, _ = rig.get(decision, what)
    assert (status, answer["error"]["field"]) == (400, "decision")


def test_a_damaged_record_is_422(rig: Rig) -> None:
    """It is there, and it is no fault of the call or of the code."""
    outcome = rig.decided()
    (name,) = rig.lake.objects
    lines = gzip.decompress(rig.lake.objects[name])
    at = lines.index(b'"inputs":"') + 40
    rig.lake.objects[name] = lines[:at] + bytes([lines[at] ^ 1]) + lines[at + 1 :]
    status, answer, _ = rig.get(outcome.decision.id, "/replay")
    assert (status, answer["error"]["code"]) == (422, "invalid_record")


@pytest.mark.parametrize("dead", ["lake", "table"])
def test_a_dead_dependency_is_503_not_a_difference(rig: Rig, dead: str) -> None:
    """Nobody is told that a decision cannot be replayed because the network is down."""
    outcome = rig.decided()
    getattr(rig, dead).outage = DependencyFailed(dead, "down")
    assert rig.get(outcome.decision.id, "/replay")[0] == 503


def test_bad_questions_are_named(rig: Rig) -> None:
    """As decide names them, previews included."""
    assert rig.explain(BODY | {"colour": "red"})[1]["error"]["field"] == "colour"
    assert rig.explain(BODY | {"preview": {"at": "noon"}})[1]["error"]["field"] == "preview.at"
    assert rig.explain(BODY | {"preview": {"region": "mars"}})[1]["error"]["field"] == "preview.region"
    assert rig.explain(BODY | {"visitor": "v1.k1.h1.forged"})[0] == 401
    assert rig.explain("{")[1]["error"]["code"] == "malformed_json"
