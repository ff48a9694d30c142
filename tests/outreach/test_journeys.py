"""The journey of 004:112 and its kin: one person, two devices, one message."""

from collections.abc import Callable

import pytest

from tests.outreach.messages import BROWSE, CART, DAY_S, GOODS, POLICY, shop
from tests.outreach.rig import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, World, event
from vitrine.outreach.state import Note

BROWSED = ("milk", "tea", "soap", "ice")
MORNING_MS = NOON_MS - 2 * HOUR_MS


def _world() -> World:
    return World(shop(CART, BROWSE), GOODS, now_ms=MORNING_MS)


def _visit(world: World, visitor: str) -> None:
    """Four goods looked at, one a minute, and one of them put into the cart."""
    for item in BROWSED:
        world.now_ms += MINUTE_MS
        world.tell(visitor, event(f"{visitor} {item}", "view", world.now_ms, item))
    world.tell(visitor, event(f"{visitor} cart", "add_to_cart", world.now_ms, "ice"))


def _web_then_app(world: World) -> None:
    world.link("anna", ["web"])
    _visit(world, "web")
    world.run_until(world.now_ms + 20 * MINUTE_MS)
    world.link("anna", ["app"])
    _visit(world, "app")


def _app_then_web(world: World) -> None:
    world.link("anna", ["app"])
    _visit(world, "app")
    world.run_until(world.now_ms + 20 * MINUTE_MS)
    world.link("anna", ["web"])
    _visit(world, "web")


def _login_told_afterwards(world: World) -> None:
    _visit(world, "web")
    world.run_until(world.now_ms + 20 * MINUTE_MS)
    _visit(world, "app")
    world.now_ms += 10 * MINUTE_MS
    world.link("anna", ["web", "app"])


def _each_on_its_own_before(world: World) -> None:
    """Web push reaches a visitor who never logged in; the login then makes one person of two."""
    world.link("v:web", ["web"])
    world.link("v:app", ["app"])
    _visit(world, "web")
    _visit(world, "app")
    world.link("anna", ["web", "app"])


@pytest.mark.parametrize("journey", [_web_then_app, _app_then_web, _login_told_afterwards, _each_on_its_own_before])
def test_one_mail_for_the_cart_and_its_follow_up(journey: Callable[[World], None]) -> None:
    """What was put in on two devices and never bought: one mail an hour later, none for the browsing, one reminder."""
    world = _world()
    journey(world)
    last_ms = max(MORNING_MS, world.now_ms)
    world.run_until(world.now_ms + DAY_MS)
    assert world.got("anna") == ["abandoned_cart 0"]
    assert last_ms + HOUR_MS - 15 * MINUTE_MS <= world.inbox[0].at_ms <= last_ms + HOUR_MS + MINUTE_MS
    world.run_until(world.now_ms + 7 * DAY_MS)
    assert world.got("anna") == ["abandoned_cart 0", "abandoned_cart 1"]
    assert len(world.inbox) == 2
    assert world.inbox[1].at_ms - world.inbox[0].at_ms == CART.steps[1].after_s * 1000 == 2 * DAY_S * 1000
    assert not world.letters.records


def test_the_person_of_one_visitor_is_written_to_no_more_after_the_login() -> None:
    """What the visitor was sent counts for the person."""
    world = _world()
    world.link("v:web", ["web"])
    _visit(world, "web")
    world.run_until(world.now_ms + 2 * HOUR_MS)
    assert world.got("v:web") == ["abandoned_cart 0"]
    world.link("anna", ["web"])
    world.run_until(world.now_ms + 7 * DAY_MS)
    assert [one.said for one in world.inbox] == ["abandoned_cart 0", "abandoned_cart 1"]


@pytest.mark.parametrize("bought_on", ["web", "app"])
def test_who_buys_on_either_device_gets_nothing(bought_on: str) -> None:
    """A purchase ends the carts of both."""
    world = _world()
    _web_then_app(world)
    world.now_ms += 30 * MINUTE_MS
    world.tell(bought_on, event("bought", "purchase", world.now_ms, "ice"))
    world.run_until(world.now_ms + 7 * DAY_MS)
    assert not world.inbox


def test_who_comes_back_after_the_mail_gets_no_reminder() -> None:
    """A reaction takes back what it makes pointless."""
    world = _world()
    _web_then_app(world)
    world.run_until(world.now_ms + 2 * HOUR_MS)
    world.tell("app", event("back", "view", world.now_ms, "milk"))
    world.run_until(world.now_ms + 7 * DAY_MS)
    assert world.got("anna") == ["abandoned_cart 0"]


def test_another_cart_is_another_message_when_the_window_lets_it() -> None:
    """Not before: what is put in an hour after the mail waits for a day to be over."""
    world = _world()
    _web_then_app(world)
    world.run_until(world.now_ms + 2 * HOUR_MS)
    world.tell("app", event("more", "add_to_cart", world.now_ms, "tea"))
    world.run_until(world.now_ms + 30 * HOUR_MS)
    first, second = world.inbox
    assert (first.said, second.said) == ("abandoned_cart 0", "abandoned_cart 0")
    assert second.at_ms - first.at_ms == POLICY.window_s * 1000


def test_a_note_for_a_person_of_two_devices_looks_at_both() -> None:
    """A favourite of the web, a price that falls, and a phone that is used: one message about the price."""
    world = World(shop(), GOODS, now_ms=MORNING_MS)
    world.link("anna", ["web", "app"])
    world.tell("web", event("f", "favourite", world.now_ms, "tea"))
    world.tell("app", event("v", "view", world.now_ms, "milk"))
    world.note("anna", Note("price_drop", "tea", world.now_ms, 699))
    world.run_until(world.now_ms + 7 * DAY_MS)
    assert world.got("anna") == ["price_drop 0"]
