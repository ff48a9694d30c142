"""Countdowns and wheels through the real decide handler, over a store whose files declare them."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from jsonschema_rs import validator_for

from tests.golden.world import KEYS, NOW, NOW_MS, STORE, World
from vitrine import keys
from vitrine.api.decide import DecideBody
from vitrine.api.decide_answer import answer_body
from vitrine.api.operate import explained_body
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.decisions.placements import Store
from vitrine.errors import InvalidToken
from vitrine.visitors.exposures import Exposures, parse_exposures
from vitrine.visitors.identity import check_proof, mint, verify

SITE = """
  site.overlay: {pages: [home, cart], none: true}
"""
CAMPAIGNS = """\
campaigns:
  half-hour:
    placements: [site.overlay]
    pages: [home]
    overlay: {mechanic: countdown, countdown: {minutes: 30}, content: {title: Soon}}
  closing-hour:
    placements: [site.overlay]
    pages: [cart]
    when: {cart.empty: true}
    overlay: {mechanic: countdown, countdown: {daily: "20:00"}, content: {title: Today}}
  dishes:
    placements: [site.overlay]
    pages: [cart]
    when: {cart.empty: false}
    overlay:
      mechanic: wheel
      content: {title: {en: Hungry?, ru: Голодны?}}
      wheel:
        sectors:
          - {id: soup, weight: 0.5, label: {en: Soup, ru: Суп}, link: /soup}
          - {id: cake, weight: 0.5, label: {en: Cake, ru: Торт}}
"""
MINUTE_MS = 60_000
HOME: dict[str, Any] = {
    "page": {"type": "home"},
    "session": "s1",
    "consent": ["personalization"],
    "placements": ["site.overlay"],
}
CART: dict[str, Any] = HOME | {"page": {"type": "cart"}}
FULL_CART: dict[str, Any] = CART | {"cart": [{"item": "milk"}]}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The small grocery store with overlays."""
    folder = tmp_path_factory.mktemp("stores") / "store"
    copytree(STORE, folder)
    with (folder / "placements.yaml").open("a", encoding="utf-8") as placements:
        placements.write(SITE)
    (folder / "campaigns").mkdir()
    (folder / "campaigns" / "overlays.yaml").write_text(CAMPAIGNS, encoding="utf-8")
    return load_store(compile_store(folder))


class Clock:
    """A shop whose clock is set by hand, from NOW on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.world = self.at(0)

    def at(self, minutes: float) -> World:
        """The world so long after NOW, with everything that was written before."""
        table = self.world.table if hasattr(self, "world") else None
        self.world = World(None, NOW + timedelta(minutes=minutes), self.store)
        self.world.table.rows.update({} if table is None else table.rows)
        return self.world

    def overlay(self, body: dict[str, Any], visitor: str | None = None, minutes: float = 0) -> dict[str, Any]:
        """What the overlay's placement answers."""
        status, answer = self.at(minutes).post(body, visitor)
        assert status == 200, answer
        check(answer)
        found: dict[str, Any] = answer["placements"]["site.overlay"]
        return found

    def ends(self, body: dict[str, Any], visitor: str | None = None, minutes: float = 0) -> float | None:
        """When the countdown ends, in minutes after NOW."""
        live = self.overlay(body, visitor, minutes)["live"]
        return None if live is None else (live["ends_at_ms"] - NOW_MS) / MINUTE_MS

    def shown(self, visitor: str) -> Exposures:
        """What is on record of the visitor."""
        return parse_exposures(self.world.table.rows[keys.shown(visitor)], NOW).exposures


@pytest.fixture
def shop(store: Store) -> Clock:
    """A shop that nobody has been to."""
    return Clock(store)


DOCUMENT = orjson.loads(Path("openapi.json").read_bytes())


def check(answer: dict[str, Any]) -> None:
    """Hold an answer against the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/DecideAnswer", "components": DOCUMENT["components"]}
    validator_for(schema).validate(answer)


def test_a_first_call_begins_the_countdown_and_later_calls_do_not(shop: Clock) -> None:
    """The visitor is new with the first call; the token that it gives keeps the end."""
    _, first = shop.at(0).post(HOME)
    visitor = verify(first["visitor"], KEYS)
    assert first["placements"]["site.overlay"]["live"]["ends_at_ms"] == NOW_MS + 30 * MINUTE_MS
    assert [shop.ends(HOME, visitor, minutes) for minutes in (1, 29.9, 30, 600)] == [30, 30, None, None]


def test_another_session_another_browser_and_a_login_keep_the_end(shop: Clock) -> None:
    """It belongs to the visitor; after a login, to who logged in."""
    assert shop.ends(HOME, "device") == 30
    login = HOME | {"session": "s2", "device": {"visitor": mint("device", KEYS)}}
    assert shop.ends(login, "h1", 10) == 30
    assert shop.ends(HOME | {"session": "s3"}, "h1", 20) == 30
    assert shop.ends(HOME, "h1", 31) is None


def test_who_did_not_agree_gets_what_is_the_same_for_everybody_only(shop: Clock) -> None:
    """No countdown of their own and no wheel; the day's end is theirs as well."""
    stranger = {"consent": []}
    assert shop.overlay(HOME | stranger)["kind"] == "none"
    assert shop.overlay(FULL_CART | stranger)["kind"] == "none"
    live = shop.overlay(CART | stranger)["live"]
    ends = datetime.fromtimestamp(live["ends_at_ms"] / 1000, UTC)
    assert (ends.minute, live["proof"]) == (0, None)


def test_without_signing_keys_nobody_gets_a_countdown_of_their_own(shop: Clock) -> None:
    """Everybody is a stranger then."""
    world = shop.at(0)
    world.keys = None
    assert world.post(HOME)[1]["placements"]["site.overlay"]["kind"] == "none"


def test_a_dry_run_begins_nothing_and_proves_nothing(shop: Clock) -> None:
    """Or whoever asks for one again and again had as many ends as they like."""
    dry = HOME | {"options": {"dry_run": True}}
    assert [shop.ends(dry, "v1", minutes) for minutes in (0, 7)] == [30, 37]
    assert shop.overlay(dry, "v1")["live"]["proof"] is None
    assert keys.shown("v1") not in shop.world.table.rows
    assert shop.ends(HOME, "v1", 5) == 35
    assert shop.ends(dry, "v1", 9) == 35


def test_the_wheel_stops_where_it_stopped(shop: Clock) -> None:
    """For each visitor at one sector, with nothing stored; both come up."""
    found = {n: [shop.overlay(FULL_CART, f"v{n}", at)["live"] for at in (0, 999)] for n in range(12)}
    assert all(first == then for first, then in found.values())
    assert {first["outcome"] for first, _ in found.values()} == {"soup", "cake"}
    assert not [key for key in shop.world.table.rows if key.sk == "SHOWN"]
    content = shop.overlay(FULL_CART | {"page": {"type": "cart", "locale": "ru"}}, "v1")["content"]
    assert content["sectors"][0] == {"id": "soup", "label": "Суп", "title": None, "text": None, "link": "/soup"}


def test_operators_are_told_ends_and_outcomes(shop: Clock) -> None:
    """Of who won, and of who is over; nothing is begun by it."""
    assert shop.ends(HOME, "v1") == 30
    before = dict(shop.world.table.rows[keys.shown("v1")])
    ends = {"ends_at_ms": NOW_MS + 30 * MINUTE_MS}
    placement = explained(shop.at(1), HOME, "v1")
    assert placement["live"] == ends
    assert [one["live"] for one in placement["considered"] if one["outcome"] == "shown"] == [ends]
    placement = explained(shop.at(40), HOME, "v1")
    assert placement["live"] is None
    assert {"campaign": "half-hour", "outcome": "over", "live": ends} in placement["considered"]
    assert explained(shop.at(40), FULL_CART, "v1")["live"] == shop.overlay(FULL_CART, "v1")["live"]
    assert shop.world.table.rows[keys.shown("v1")] == before


def explained(world: World, body: dict[str, Any], visitor: str) -> dict[str, Any]:
    """The explanation of the overlay's placement."""
    request = DecideBody.from_body(orjson.dumps(body)).to_domain(None)
    answer = orjson.loads(explained_body(world.service.explain(mint(visitor, KEYS), request)))
    schema = {"$ref": "#/components/schemas/ExplainAnswer", "components": DOCUMENT["components"]}
    validator_for(schema).validate(answer)
    found: dict[str, Any] = answer["explanation"]["placements"]["site.overlay"]
    return found


def test_an_end_comes_with_its_proof(shop: Clock) -> None:
    """For the campaign, the visitor and the end, beside the canonical body, which has none."""
    live = shop.overlay(HOME, "v1")["live"]
    check_proof(live["proof"], "half-hour", "v1", live["ends_at_ms"], KEYS)
    assert shop.overlay(HOME, "v1", 3)["live"] == live
    of_everybody = shop.overlay(CART, "v1")["live"]
    check_proof(of_everybody["proof"], "closing-hour", "v1", of_everybody["ends_at_ms"], KEYS)
    for visitor, campaign, ends_ms in (
        ("v2", "half-hour", live["ends_at_ms"]),
        ("v1", "closing-hour", live["ends_at_ms"]),
        ("v1", "half-hour", live["ends_at_ms"] + 1),
    ):
        with pytest.raises(InvalidToken):
            check_proof(live["proof"], campaign, visitor, ends_ms, KEYS)


def test_the_proof_is_not_in_what_a_replay_compares(shop: Clock) -> None:
    """The record has the digest of the body without it."""
    outcome = shop.world.service.decide(mint("v1", KEYS), DecideBody.from_body(orjson.dumps(HOME)).to_domain(None))
    assert outcome.proofs.keys() == {"site.overlay"}
    assert b'"proof":null' in outcome.body
    (record,) = shop.world.records.records
    assert orjson.loads(record)["answer_sha256"] == sha256(outcome.body).hexdigest()
    plain, answer = orjson.loads(outcome.body), orjson.loads(answer_body(outcome))
    plain["placements"]["site.overlay"]["live"]["proof"] = outcome.proofs["site.overlay"]
    assert answer == plain | {"visitor": outcome.token, "timings_ms": outcome.timings_ms}
