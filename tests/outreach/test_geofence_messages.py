"""From a crossing to the message: shown by the app or pushed, and one of the two, whoever is at it meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.outreach.geo_tracks import demo_fences
from tests.outreach.rig import CONSENT, NOON_MS, World, event
from vitrine.decisions.actions import Content
from vitrine.outreach.channels import Channel
from vitrine.outreach.geofence import NEEDED, Crossing
from vitrine.outreach.messages import Cap, Message, Outreach, Policy, Step, Trigger
from vitrine.outreach.triggers import Good
from vitrine.service.app_notice import AppNotice
from vitrine.service.geofence import GeofenceService, Outcome, Rules

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
VISITOR = "a" * 32
NEAR = Message("near", Trigger("geofence"), (Step(("app", "push"), Content({})),), priority=10)
CART = Message("cart", Trigger("abandoned_cart", after_s=3_600), (Step(("mail",), Content({})),), priority=90)


def world(*messages: Message, **policy: Any) -> World:
    """A shop with these messages."""
    told = messages or (NEAR,)
    outreach = Outreach(Policy(**policy), {one.name: one for one in told})
    return World(outreach, {"ice": Good(299, 299, "ice", True)})


def service(shop: World, nudged: list[str]) -> GeofenceService:
    """Its geofences."""
    rules = Rules(demo_fences(), tuple(shop.outreach.messages.values()))
    notify = AppNotice(shop.service)
    return GeofenceService(
        shop.table, lambda _: rules, notify, nudged.append, lambda _: None, shop.clock, lambda _: None
    )


def crossing(shop: World, n: int = 0, fence: str = "columbus") -> Crossing:
    """An entry of a fence, now."""
    there = demo_fences().by_id[fence]
    return Crossing(f"e{n}", "enter", shop.now_ms + n, there.lat, there.lon, 12.0, fence)


def cross(shop: World, notifies: bool, n: int = 0, **at: str) -> tuple[Outcome, list[str]]:
    """What becomes of an entry, and who was put into the queue."""
    nudged: list[str] = []
    now = EPOCH + timedelta(milliseconds=shop.now_ms)
    outcome = service(shop, nudged).cross(crossing(shop, n, **at), VISITOR, NEEDED, notifies, now)
    return outcome, nudged


def test_an_app_shows_it_at_once_and_nobody_pushes_it() -> None:
    """The words are in the answer; all sweeps of the next two days bring nothing."""
    shop = world()
    shop.link("anna", [VISITOR], "push")
    outcome, nudged = cross(shop, True)
    assert outcome.shown is not None
    assert (outcome.shown.text, nudged) == ("near 0", [])
    shop.run_until(NOON_MS + 2 * 86_400_000)
    assert shop.got("anna") == []
    (sending,) = shop.state("anna").sendings
    assert (sending.channel, sending.status, sending.id) == ("app", "sent", outcome.shown.id)


def test_a_push_goes_out_within_the_minute() -> None:
    """Once, though the queue and the alarm both bring a worker."""
    shop = world()
    shop.link("anna", [VISITOR], "push")
    outcome, nudged = cross(shop, False)
    assert (outcome.shown, nudged) == (None, ["anna"])
    for person in (*nudged, *nudged, *shop.due()):
        shop.work(person)
    shop.run_until(NOON_MS + 2 * 86_400_000)
    assert shop.got("anna") == ["near 0"]


def test_who_never_logged_in_is_reached_by_the_app_alone() -> None:
    """A visitor without a link has no addresses; the app that asks is one."""
    shop = world()
    outcome, _ = cross(shop, True)
    assert outcome.shown is not None
    later = world()
    outcome, nudged = cross(later, False)
    assert (outcome.shown, nudged) == (None, [f"v:{VISITOR}"])
    later.run_until(NOON_MS + 2 * 86_400_000)
    assert later.inbox == []
    assert later.letters.records == []


@pytest.mark.parametrize("round_", range(5))
def test_app_and_push_at_the_same_moment_are_one_message(round_: int) -> None:
    """Two devices of one person enter at once, one shows, one asks for a push, while workers come."""
    shop = world()
    devices = ["a" * 32, "b" * 32]
    shop.link("anna", devices, "push")
    now = EPOCH + timedelta(milliseconds=shop.now_ms)

    def act(n: int) -> Outcome | None:
        if n % 3 == 2:
            shop.work("anna")
            return None
        return service(shop, []).cross(crossing(shop, n + round_), devices[n % 3], NEEDED, n % 3 == 0, now)

    with ThreadPoolExecutor(9) as threads:
        outcomes = list(threads.map(act, range(9)))
    shop.run_until(NOON_MS + 86_400_000)
    shown = [outcome for outcome in outcomes if outcome is not None and outcome.shown is not None]
    assert len(shown) + len(shop.got("anna")) == 1


def test_what_comes_first_is_not_taken_from_its_worker() -> None:
    """A mail for the cart is ready and counts for more: the app is told nothing, and the mail goes out as ever."""
    shop = world(NEAR, CART)
    shop.link("anna", [VISITOR], "mail", "push")
    shop.tell(VISITOR, event("e", "add_to_cart", shop.now_ms))
    shop.now_ms += 3_700_000
    outcome, _ = cross(shop, True)
    assert (outcome.accepted, outcome.shown) == (True, None)
    shop.run_until(shop.now_ms + 3_600_000)
    assert [one.said for one in shop.inbox] == ["cart 0"]
    assert shop.letters.records == []


def test_what_comes_up_after_the_look_is_put_back() -> None:
    """Negative of the look: the worker that has no mail claims one all the same, and it goes out a little later."""
    shop = world(NEAR, CART)
    shop.link("anna", [VISITOR], "mail", "push")
    shop.tell(VISITOR, event("e", "add_to_cart", shop.now_ms))
    shop.now_ms += 3_700_000
    report = AppNotice(shop.service)._alone().work("anna", frozenset[Channel](("app",)))
    assert (report.outcome, shop.inbox) == ("refused", [])
    shop.run_until(shop.now_ms + 3_600_000)
    assert [one.said for one in shop.inbox] == ["cart 0"]


def test_caps_and_windows_hold_for_the_app_too() -> None:
    """A second fence on the same day is believed, and says nothing: one message a window."""
    shop = world(caps=(Cap(1, 86_400, "app"),))
    shop.link("anna", [VISITOR], "push")
    assert cross(shop, True)[0].shown is not None
    shop.now_ms += 3 * 3_600_000
    outcome, _ = cross(shop, True, 1, fence="dayton")
    assert (outcome.accepted, outcome.shown) == (True, None)
    assert "messages" in CONSENT
