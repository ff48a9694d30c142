"""Messages of a small shop for tests of outreach, and its goods."""

from dataclasses import replace
from typing import Final

from vitrine.outreach.channels import Channel, TriggerKind
from vitrine.outreach.messages import Cap, Message, Outreach, Policy, QuietHours, Step, Trigger
from vitrine.outreach.triggers import Good

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
GOODS: Final = {
    "ice": Good(399, 399, "food/ice", True),
    "milk": Good(129, 129, "food/milk", True),
    "tea": Good(549, 699, "food/tea", True),
    "soap": Good(229, 229, "home/soap", True),
    "gone": Good(999, 999, "home/gone", False),
}
ALL: Final[tuple[Channel, ...]] = ("mail", "push", "webhook")


def message(
    kind: TriggerKind,
    priority: int,
    after_s: int,
    *later_s: int,
    channels: tuple[Channel, ...] = ALL,
    useful_s: int = 6 * DAY_S,
) -> Message:
    """A message named as its kind, with a step so long after what calls for it and one so long after each before it."""
    steps = tuple(Step(channels, {}, after_s=seconds) for seconds in (0, *later_s))
    return Message(kind, Trigger(kind, after_s, min_views=3), steps, priority, useful_s)


CART: Final = message("abandoned_cart", 30, HOUR_S, 2 * DAY_S)
DROP: Final = replace(message("price_drop", 20, 0), trigger=Trigger("price_drop", interests=("favourites",)))
BROWSE: Final = message("abandoned_browse", 10, 2 * HOUR_S)
POLICY: Final = Policy(
    quiet=QuietHours(21 * 60, 9 * 60),
    window_s=DAY_S,
    gather_s=HOUR_S,
    caps=(Cap(4, 7 * DAY_S), Cap(3, 7 * DAY_S, "push")),
    per_minute=10_000,
)
LOUD: Final = replace(POLICY, quiet=QuietHours(0, 0))


def shop(*messages: Message, policy: Policy = POLICY) -> Outreach:
    """A shop with these messages, all of the above if none is named, and people in two zones."""
    named = messages or (CART, DROP, BROWSE)
    zones = ("America/New_York", "Europe/Berlin")
    return Outreach(policy, {one.name: one for one in named}, zones)
