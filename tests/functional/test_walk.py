"""The walk: one day of a household on a fast clock, and what Vitrine said to it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.functional.outreach_shop import KEYS, SHOP, Shop
from vitrine import keys
from vitrine.errors import LocalStackError
from vitrine.local.walk import DAYS, Goods, Line, Walk, cast_of, faults_of, first_day
from vitrine.local.walk_stage import Services, WalkClock, hear_again, set_stage, staged
from vitrine.outreach.state import parse_state
from vitrine.places.fences import Fence, Fences
from vitrine.service.geofence import GeofenceService, Rules
from vitrine.service.people import PeopleService

CHICAGO = ZoneInfo("America/Chicago")
GOODS = Goods([("ice", "Vanilla ice cream"), ("tea", "Green tea")])
FENCE = Fence("riverside", 39.11, -84.51, 150.0, {"en": "Riverside"}, region="north")


def services(shop: Shop) -> Services:
    """A walk's services over a shop in memory."""
    messages = list(SHOP.messages.values())
    geofence = GeofenceService(
        table=shop.table,
        rules=lambda _: Rules(Fences({FENCE.id: FENCE}), messages),
        notify=lambda _: None,
        nudge=lambda _: None,
        token_keys=lambda _: KEYS,
        clock=shop.clock,
        back_off=lambda _: None,
    )
    people = PeopleService(shop.table, lambda _: (), lambda _: KEYS, shop.clock, lambda _: None)
    return Services(shop.table, shop.service, shop.collector, people, geofence)


def ready(shop: Shop) -> tuple[Walk, WalkClock]:
    """A walk of household 718 that may begin."""
    cast = cast_of("h718", "north", CHICAGO)
    real = services(shop)
    set_stage(shop.table, "h718", (cast.web, cast.app))
    day = first_day(shop.now, CHICAGO)
    clock = WalkClock(datetime.combine(day, datetime.min.time(), CHICAGO).astimezone(UTC))
    return Walk(staged(real, "h718", clock), clock, cast, day, GOODS), clock


@pytest.fixture
def shop() -> Shop:
    """A shop whose household 718 is reached by mail, text messages and push."""
    shop = Shop()
    shop.link("h718", ["h718"], "mail", "sms", "push")
    return shop


def kinds(name: str) -> str | None:
    """The triggers of the shop's messages."""
    return {"cart-left": "abandoned_cart", "near-a-shop": "geofence"}.get(name)


def words(lines: list[Line]) -> str:
    """All that was told."""
    return "\n".join(f"{line.who}: {line.words}" for line in lines)


def test_one_notice_at_the_shop_one_letter_the_next_morning_nothing_after_the_purchase(shop):
    """The whole day, as it is told and as it is kept."""
    walk, _ = ready(shop)
    told = words(list(walk.play()))
    assert [(one.message, one.channel, one.status) for one in walk.sendings] == [
        ("near-a-shop", "app", "sent"),
        ("cart-left", "mail", "sent"),
    ]
    assert list(faults_of(walk.sendings, kinds, walk.bought_ms)) == []
    assert "vitrine: shows in the app, at once: near-a-shop for h718" in told
    assert "vitrine: keeps quiet; cart-left is held until" in told
    assert "vitrine: sends cart-left by mail" in told
    assert told.index("sleeps") < told.index("sends cart-left") < told.index("buys Vanilla")


def test_every_message_lies_in_the_mailbox(shop):
    """Word for word, under its sending's id."""
    walk, _ = ready(shop)
    list(walk.play())
    assert all(keys.message("h718", one.id) in shop.table.rows for one in walk.sendings)


def test_nothing_of_a_walk_lies_in_the_future(shop):
    """Neither an event nor a message, nor the walk's last look."""
    walk, clock = ready(shop)
    lines = list(walk.play())
    assert max(line.at_ms for line in lines) <= shop.now_ms
    assert clock.now < shop.now
    assert first_day(shop.now, CHICAGO) + timedelta(days=DAYS) < shop.now.date()


def test_real_functions_hear_nothing_of_it_before_its_end(shop):
    """The alarm is in the row, but in no shard of the index; afterwards it is."""
    walk, _ = ready(shop)
    for line in walk.play():
        assert "shard" not in shop.table.rows.get(keys.outreach("h718"), {}), line
    row = shop.table.rows[keys.outreach("h718")]
    if parse_state(row).state.due_ms is None:  # an alarm, so that there is something to be heard
        state = parse_state(row)
        shop.table.write([(keys.outreach("h718"), state.successor(state.state.alarmed(shop.now_ms), "h718", 0))])
    hear_again(shop.table, "h718", shop.now_ms)
    assert "shard" in shop.table.rows[keys.outreach("h718")]


def test_a_second_walk_is_like_the_first(shop):
    """It takes back what the first left, and leaves the household's own history alone."""
    first, _ = ready(shop)
    list(first.play())
    second, _ = ready(shop)
    list(second.play())
    assert [one.id for one in second.sendings] == [one.id for one in first.sendings]
    assert keys.profile("h718") not in shop.table.rows
    assert shop.person("h718").visitors == ("walk-app-h718", "walk-web-h718", "h718")


def test_a_household_that_is_busy_today_is_refused(shop):
    """Its own purchases would hide those of the walk."""
    shop.tell("h718", ("purchase", "ice"))
    walk, _ = ready(shop)
    with pytest.raises(LocalStackError, match=r"household 718 did something .* --household N"):
        list(walk.play())


def test_nobody_cannot_walk(shop):
    """A household that the data does not have."""
    with pytest.raises(LocalStackError, match="nobody knows household 9999"):
        set_stage(shop.table, "h9999", ("walk-web-h9999", "walk-app-h9999"))


def test_a_message_too_many_is_told(shop):
    """The summary's own check: without its half it would praise anything."""
    walk, _ = ready(shop)
    list(walk.play())
    twice = (*walk.sendings, walk.sendings[-1])
    assert list(faults_of(twice, kinds, walk.bought_ms)) == ["2 messages on the cart instead of one"]
    assert list(faults_of((), kinds, 0)) != []
