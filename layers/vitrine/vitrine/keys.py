"""Keys of the one table: the only place where `pk` and `sk` are spelled.

Rows of a release carry the release id in `sk`, so two releases live side by side and a reader pins one.
"""

from vitrine.types import ItemId, Key, RegionId, ReleaseId, VisitorId

RELEASE_POINTER = Key("RELEASE", "CURRENT")


def profile(visitor: VisitorId) -> Key:
    """Key of a visitor's profile."""
    return Key(f"V#{visitor}", "PROFILE")


def personal(visitor: VisitorId, release: ReleaseId) -> Key:
    """Key of a visitor's own lists in a release."""
    return Key(f"V#{visitor}", f"R#{release}")


def card(item: ItemId) -> Key:
    """Key of an item's live card."""
    return Key(f"I#{item}", "CARD")


def related(item: ItemId, release: ReleaseId) -> Key:
    """Key of an item's related lists in a release."""
    return Key(f"I#{item}", f"R#{release}")


def session_row(item: ItemId, release: ReleaseId) -> Key:
    """Key of what visits that held an item went on to, in a release."""
    return Key(f"I#{item}", f"S#{release}")


def shelf(region: RegionId, category: str | None, release: ReleaseId) -> Key:
    """Key of the popular, new and discounted lists of a region, or of one category in it."""
    return Key(f"L#{region}" if category is None else f"L#{region}#{category}", f"R#{release}")


def shown(visitor: VisitorId) -> Key:
    """Key of what campaigns showed a visitor: caps, exclusive groups, sticky arms."""
    return Key(f"V#{visitor}", "SHOWN")


def weather(cell: str) -> Key:
    """Key of the present weather of a cell."""
    return Key(f"W#{cell}", "NOW")


def weather_traffic(cell: str) -> Key:
    """Key of the note that visitors of a cell were served lately."""
    return Key(f"W#{cell}", "TRAFFIC")


def weather_normal(cell: str) -> Key:
    """Key of a cell's climate normals."""
    return Key(f"W#{cell}", "NORMAL")


def budget(campaign: str, period: int, shard: int) -> Key:
    """Key of a shard of the counter of a campaign's budget in a period (0 for a budget without periods)."""
    return Key(f"B#{campaign}", f"{period}#{shard}")


def link(visitor: VisitorId) -> Key:
    """Key of the note whose visitor this is."""
    return Key(f"V#{visitor}", "PERSON")


def person(person: str) -> Key:
    """Key of a person: addresses and what they allowed."""
    return Key(f"P#{person}", "PERSON")


def outreach(person: str) -> Key:
    """Key of what outreach remembers of a person, and when it looks again."""
    return Key(f"P#{person}", "OUTREACH")


def message(person: str, sending: str) -> Key:
    """Key of what was sent to a person, word for word."""
    return Key(f"P#{person}", f"M#{sending}")


OUTREACH_SWITCHES = Key("OUTREACH", "SWITCHES")
"""Key of what operators have switched off."""


def outreach_rate(minute: int) -> Key:
    """Key of the counter of a minute's messages."""
    return Key("OUTREACH", f"RATE#{minute}")


def fixes(person: str) -> Key:
    """Key of where a person's devices last crossed fences, and for what they were told something."""
    return Key(f"P#{person}", "FIX")


def fence_day(fence: str, day: int) -> Key:
    """Key of the counter of a fence's triggers on a day, counted from 1970 in UTC."""
    return Key(f"F#{fence}", f"DAY#{day}")


def sending(sending: str) -> Key:
    """Key of the note to whom a message was sent."""
    return Key(f"S#{sending}", "PERSON")
