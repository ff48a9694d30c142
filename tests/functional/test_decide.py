"""POST /v1/decide through the real handler, over a store in memory."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray

from tests.golden.world import KEYS, NOW, NOW_MS, RELEASE, LinearRanker, World
from vitrine import keys
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.features import features
from vitrine.errors import DependencyFailed
from vitrine.types import Absent, Event
from vitrine.visitors.identity import TokenKeys, mint, verify
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

HOME = {"page": {"type": "home"}, "consent": ["personalization"], "placements": ["home.recs"]}


@pytest.fixture
def world() -> World:
    """A fresh store."""
    return World()


def shown(answer: dict, placement: str = "home.recs") -> list[str]:
    """Items of a placement."""
    return [item["id"] for item in answer["placements"][placement]["items"]]


def test_the_real_event_gets_the_exact_answer(world: World) -> None:
    """events/decide.json to the last field, timings aside."""
    event = orjson.loads(Path("events/decide.json").read_bytes())
    status, answer = world.post(event["body"].encode())
    assert status == 200
    assert set(answer.pop("timings_ms")) == {
        "read",
        "campaigns",
        "candidates",
        "rank",
        "fill",
        "cards",
        "answer",
        "record",
    }
    items = answer["placements"]["home.recs"].pop("items")
    assert answer == {
        "decision": "d-1",
        "visitor": mint("0" * 32, KEYS),
        "release": RELEASE,
        "model": "linear-test",
        "region": "north",
        "placements": {
            "home.recs": {
                "kind": "products",
                "campaign": None,
                "variation": None,
                "control": False,
                "mechanic": None,
                "live": None,
                "rows": [],
                "content": {"title": "Picked for you"},
                "fallback": None,
                "reasons": [],
            }
        },
        "skipped": [],
    }
    assert items[0] == {
        "id": "milk",
        "slot": 0,
        "card": {
            "title": "Milk",
            "url": "/shop/p/milk",
            "image": "/i/milk.svg",
            "price": 100,
            "regular_price": 100,
            "currency": "USD",
            "category": "grocery/dairy/milk",
        },
        "bundle": None,
        "sponsored": None,
        "reasons": [{"list": "popular", "item": None}],
    }


def test_a_first_call_gets_a_token_and_later_calls_keep_it(world: World) -> None:
    """The token comes back as it was; without consent there is none."""
    _, first = world.post(HOME)
    visitor = verify(first["visitor"], KEYS)
    _, second = world.post(HOME, visitor)
    assert second["visitor"] == first["visitor"]
    assert world.post(HOME | {"consent": []}, visitor)[1]["visitor"] is None


def test_a_view_changes_the_very_next_decision(world: World) -> None:
    """The profile written a moment ago is read, nothing is cached over it."""
    before = shown(world.post(HOME, "new")[1])
    profile = Profile().apply([Event("e", "view", NOW_MS, "jar")])
    world.table.rows[keys.profile("new")] = Stored(Profile(), None).successor(profile, NOW)
    after = shown(world.post(HOME, "new")[1])
    assert "wipes" not in before
    assert "wipes" in after[:3]


def test_warm_decisions_of_the_same_page_read_once(world: World) -> None:
    """Cards are held for a minute: the second visitor's page costs one batched read."""
    world.post(HOME)
    world.table.reads = 0
    world.post(HOME)
    assert world.table.reads == 1


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("garbage", "not a token"),
        (mint("h1", TokenKeys("k1", {"k1": b"another key, another store......"})), "foreign key"),
        (mint("h1", KEYS).replace("h1", "h2"), "another visitor"),
        (mint("h1", KEYS, audience="mail"), "another audience"),
        (mint("h1", KEYS)[:-1], "truncated"),
        ("v1.k1." + "a" * 5000, "huge"),
    ],
)
@pytest.mark.parametrize("consent", [["personalization"], []])
def test_a_token_that_is_not_ours_is_refused(world: World, token: str, why: str, consent: list[str]) -> None:
    """Forged, foreign or damaged: 401, and the table is not even asked, with or without consent."""
    world.table.reads = 0
    status, answer = world.post(orjson.dumps(HOME | {"visitor": token, "consent": consent}))
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (401, "invalid_token", "visitor"), why
    assert world.table.reads == 0


def test_an_unknown_placement_is_named(world: World) -> None:
    """A typing error of the developer is told, not answered with nothing."""
    status, answer = world.post(HOME | {"placements": ["home.recs", "home.rcs"]})
    assert (status, answer["error"]["field"]) == (400, "placements.1")


@pytest.mark.parametrize(("page", "needed"), [("product", "item"), ("category", "category")])
def test_a_page_says_what_it_is_about(world: World, page: str, needed: str) -> None:
    """A product page without its product is a mistake of the integration, not an empty row."""
    status, answer = world.post({"page": {"type": page}})
    assert (status, answer["error"]["field"]) == (400, f"page.{needed}")


def test_explain_is_for_operators(world: World) -> None:
    """What a visitor may not see is refused, not ignored."""
    status, answer = world.post(HOME | {"options": {"explain": True}})
    assert (status, answer["error"]["field"]) == (400, "options.explain")


def test_a_dead_table_still_answers(world: World) -> None:
    """Everything unreadable: 200, bestsellers from memory, and the answer says so."""
    world.table.outage = DependencyFailed("table", "down")
    status, answer = world.post(HOME, "h1")
    assert status == 200
    assert shown(answer) == ["milk", "toast"]
    assert answer["placements"]["home.recs"]["fallback"] == "bestsellers"
    assert answer["skipped"] == ["profile", "lists"]


def test_what_gave_up_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A metric per stage and reason, in one line; a whole decision prints nothing."""
    world.post(HOME, "h1")
    assert capsys.readouterr().out == ""
    cold = World()
    cold.table.outage = DependencyFailed("table", "down")
    cold.post(HOME, "h1")
    (line,) = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line.pop("_aws")["CloudWatchMetrics"][0]["Namespace"] == "Vitrine"
    assert line.pop("TableFailed") >= 1
    assert line == {
        "service": "decide",
        "SkippedProfile": 1,
        "SkippedLists": 1,
        "Degraded": 1,
        "Fallbacks": 1,
        "FallbacksNotRead": 1,
    }


def test_shelves_in_memory_outlive_the_table(world: World) -> None:
    """Shelves and cards that an environment holds serve on; what is missing beside them is named."""
    before = world.post(HOME)[1]
    world.table.outage = DependencyFailed("table", "down")
    status, answer = world.post(HOME)
    assert (status, shown(answer), answer["skipped"]) == (200, shown(before), [])
    assert world.post(HOME, "h1")[1]["skipped"] == ["profile", "lists"]


def test_without_signing_keys_everybody_is_a_stranger(world: World) -> None:
    """The secret is down: 200 and bestsellers, no token, nobody's profile is touched, and the answer says why."""
    world.keys = None
    status, answer = world.post(HOME, "h1")
    assert (status, answer["visitor"], answer["skipped"]) == (200, None, ["identity"])
    assert shown(answer) == ["milk", "toast", "beer", "rolls"]


def test_a_dead_record_stream_does_not_touch_the_answer(world: World) -> None:
    """Recording is for us; the visitor does not wait for it."""
    world.records.outage = DependencyFailed("stream", "down")
    assert world.post(HOME)[0] == 200


def test_what_happened_is_recorded_for_replay(world: World) -> None:
    """Request, release, model and what was shown why; a dry run leaves no trace."""
    world.post(HOME | {"options": {"dry_run": True}}, "h1")
    assert world.records.records == []
    world.post(HOME, "h1")
    (record,) = map(orjson.loads, world.records.records)
    assert (record["decision"], record["visitor"], record["release"]) == ("d-1", "h1", RELEASE)
    assert record["placements"]["home.recs"]["items"][0] == {
        "item": "milk",
        "list": "personal",
        "price": 100,
    }


def test_without_consent_nothing_of_the_visitor_is_recorded(world: World) -> None:
    """There is no record at all; what a record with consent holds, test_consent_canaries.py looks at."""
    for consent in ([], ["geo"], ["messages", "geo"]):
        status, _ = world.post(HOME | {"consent": consent, "session": "s1", "recent": ["jar"]}, "h1")
        assert (status, world.records.records) == (200, [])


def test_a_sold_out_card_is_replaced_by_the_next_pick(world: World) -> None:
    """The list says there is toast, the live card says there is none."""
    card = world.table.rows[keys.card("toast")]
    world.table.rows[keys.card("toast")] = {**card, "regions": 0}
    assert shown(world.post(HOME)[1]) == ["milk", "beer", "rolls"]


def test_a_damaged_card_is_skipped_by_name(world: World) -> None:
    """One bad card row costs its item."""
    world.table.rows[keys.card("toast")] = {"title": "Toast"}
    _, answer = world.post(HOME)
    assert shown(answer) == ["milk", "beer", "rolls"]
    assert answer["skipped"] == ["cards"]


def test_a_request_without_time_left_reads_nothing(world: World) -> None:
    """A deadline that has passed is kept by not asking at all."""
    world.service = replace_deadline(world)
    status, answer = world.post(HOME)
    assert status == 200
    assert "lists" in answer["skipped"]


def replace_deadline(world: World) -> object:
    """The service with every request's deadline already over."""
    service = world.service

    class Late:
        def decide(self, token, request, device):  # type: ignore[no-untyped-def]
            return service.decide(token, replace(request, options=replace(request.options, deadline_ms=0)), device)

    return Late()


def test_unread_rows_are_not_missing_rows(world: World) -> None:
    """A throttled row of a known visitor does not make them a stranger in silence."""
    world.table.unread = {keys.personal("h1", RELEASE)}
    _, answer = world.post(HOME, "h1")
    assert answer["skipped"] == ["lists"]
    world.table.rows.pop(keys.personal("h1", RELEASE))
    world.table.unread = set()
    assert world.post(HOME, "h1")[1]["skipped"] == []
    assert world.table.rows.get(keys.personal("h1", RELEASE), Absent.MISSING) is Absent.MISSING


class Spy(LinearRanker):
    """A ranker that keeps the matrices it is asked to score."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.float32]] = []

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As the linear ranker."""
        self.seen.append(features)
        return super().score(features)


@pytest.mark.parametrize("case", sorted(Path("tests/golden/cases").glob("*.json")), ids=lambda path: path.stem)
def test_features_come_again_from_the_record(case: Path) -> None:
    """A recorded request and the rows of its release give, by the code of training, the matrix that was served."""
    spy = Spy()
    world = World(ranker=spy, now=NOW + timedelta(days=3, hours=7))
    recorded = orjson.loads(case.read_bytes())
    world.post(recorded["request"], recorded["as"])
    if "personalization" not in recorded["request"]["consent"]:
        assert world.records.records == []
        return
    (record,) = map(orjson.loads, world.records.records)
    category = record["request"]["page"].get("category")
    visitor = record["visitor"] if record["returning"] else None
    lists = Lists(
        personal=world.list_of(keys.personal(visitor, RELEASE)) if visitor else None,
        shelf=world.list_of(keys.shelf(record["region"], None, RELEASE)),
        category_shelf=world.list_of(keys.shelf(record["region"], category, RELEASE)) if category else None,
        seeds=[
            Seed(item, role, weight, related)
            for item, role, weight in record["seeds"]
            if (related := world.list_of(keys.related(item, RELEASE))) is not None
        ],
    )
    np.testing.assert_array_equal(features(merge(lists), record["elapsed_days"]), spy.seen[0])
