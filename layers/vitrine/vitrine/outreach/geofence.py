"""Whether a fence was truly crossed, and whether that calls for a message: judged before anybody is told anything.

What an app says of a place can be made up: a mocked position, an old one sent again, a jump across the country. A fix
is believed if it is of this moment, precise enough for the fence, at the fence's border or within, newer than the last
one of its device, and not too far from that one to have got here.

Where the last one was is remembered as the fence that it was at, a place that the shop itself has published, and
nothing finer: neither coordinates nor a cell of them. So a jump is judged by the distance that it has at least, from
the farthest that somebody at the last fence can have been towards the new place. Jumps between fences that
are so near that this is nothing are not told from walks, and are of no use to anybody either.
"""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from math import isfinite
from typing import Final, Literal, TypeAlias

from vitrine.outreach.messages import FenceAction, Message
from vitrine.outreach.track import Track
from vitrine.places.fences import Fence, Fences
from vitrine.places.geometry import distance_km
from vitrine.types import Purpose
from vitrine.values import dataclass

NEEDED: Final[frozenset[Purpose]] = frozenset(("personalization", "geo", "messages"))
"""To be remembered between two fixes, located, and told something: without one of them nothing is read or kept."""

MAX_AHEAD_MS: Final = 60_000
"""Telephones take the time from their network, to a second or two; a minute is for those whose owner sets it."""

MAX_AGE_MS: Final = 10 * 60_000
"""Android tells a crossing in the background after some two minutes, up to six for a device at rest (its guide to
geofencing, "notification responsiveness"). Who was near ten minutes ago has walked on for 800 m."""

MAX_SPEED_MPS: Final = 300.0
"""Airliners fly at 250 m/s; RELIABILITY's figure."""

CLOCK_S: Final = 5.0
"""A telephone's clock may be set by so much between two fixes."""

MAX_ACCURACY_M: Final = 1_000.0
"""A position from cells of the mobile network alone is worse, and says of no fence that it was crossed."""

EXIT_REACH_M: Final = 5_000.0
"""A car is so far away when its exit is told two to three minutes late, a train when it is a minute."""

NULL_ISLAND_DEG: Final = 0.001
"""So near to (0, 0) is no shop, but whatever could not find out where it is."""

Doubt: TypeAlias = Literal[
    "mocked",
    "bad_position",
    "inaccurate",
    "future",
    "stale",
    "unknown_fence",
    "not_at_fence",
    "replayed",
    "teleport",
    "too_short",
]
"""Why a crossing is not believed."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a device says: it entered or left a fence, or stayed within. `fence` None: the one that it is in.

    Degrees, metres (the radius that holds the true position in about two of three cases, as telephones have it), metres
    per second. Never stored, never logged.
    """

    id: str
    action: FenceAction
    at_ms: int
    lat: float
    lon: float
    accuracy_m: float
    fence: str | None = None
    speed_mps: float | None = None
    mocked: bool = False

    @property
    def digest(self) -> bytes:
        """Eight bytes that stand for its id."""
        return digest_of(self.id)


def digest_of(text: str) -> bytes:
    """Eight bytes that stand for an id."""
    return blake2b(text.encode(errors="replace"), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a crossing is not believed, or None, and then the fence and its device's new track."""

    doubt: Doubt | None = None
    fence: Fence | None = None
    track: Track | None = None


def doubt_alone(crossing: Crossing, now_ms: int) -> Doubt | None:
    """What is wrong with a crossing whatever fences there are and whatever was before it."""
    if crossing.mocked:
        return "mocked"
    if not _is_position(crossing.lat, crossing.lon):
        return "bad_position"
    if not 0 < crossing.accuracy_m <= MAX_ACCURACY_M:
        return "inaccurate"
    if crossing.at_ms > now_ms + MAX_AHEAD_MS:
        return "future"
    if crossing.at_ms < now_ms - MAX_AGE_MS:
        return "stale"
    if crossing.speed_mps is not None and not crossing.speed_mps <= MAX_SPEED_MPS:
        return "teleport"
    return None


def judge(crossing: Crossing, fences: Fences, track: Track, now_ms: int) -> Verdict:
    """Whether to believe a crossing of a device with that track, an empty one if nothing is known of it."""
    doubt = doubt_alone(crossing, now_ms)
    if doubt is not None:
        return Verdict(doubt)
    fence = _fence_of(crossing, fences, track)
    if fence is None:
        return Verdict("not_at_fence" if crossing.fence is None else "unknown_fence")
    doubt = _doubt_here(crossing, fence) or _doubt_after(crossing, fence, fences, track)
    if doubt is not None:
        return Verdict(doubt, fence)
    return Verdict(None, fence, _followed(track, crossing, fence))


def wants(messages: Iterable[Message], fence: str, action: FenceAction) -> bool:
    """Whether any message is for who does this at this fence."""
    triggers = (message.trigger for message in messages if message.enabled and message.trigger.kind == "geofence")
    return any(action in one.actions and (not one.fences or fence in one.fences) for one in triggers)


def _is_position(lat: float, lon: float) -> bool:
    is_on_globe = isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180
    return is_on_globe and max(abs(lat), abs(lon)) >= NULL_ISLAND_DEG


def _fence_of(crossing: Crossing, fences: Fences, track: Track) -> Fence | None:
    """The fence that it names, or else is in or has come out of."""
    if crossing.fence is not None:
        return fences.by_id.get(crossing.fence)
    if crossing.action == "exit":
        return fences.by_id.get(track.fence)
    return fences.around(crossing.lat, crossing.lon)


def _doubt_here(crossing: Crossing, fence: Fence) -> Doubt | None:
    """What is wrong with it at this fence."""
    if crossing.accuracy_m > fence.radius_m:
        return "inaccurate"
    beyond_m = fence.beyond_m(crossing.lat, crossing.lon)
    if crossing.action == "exit":
        is_there = -crossing.accuracy_m <= beyond_m <= EXIT_REACH_M
    else:
        is_there = beyond_m <= crossing.accuracy_m
    return None if is_there else "not_at_fence"


def _doubt_after(crossing: Crossing, fence: Fence, fences: Fences, track: Track) -> Doubt | None:
    """What is wrong with it after the last one."""
    if crossing.at_ms <= track.at_ms or crossing.digest in track.ids:
        return "replayed"
    if _at_least_m(crossing, fences, track) > MAX_SPEED_MPS * ((crossing.at_ms - track.at_ms) / 1000 + CLOCK_S):
        return "teleport"
    if crossing.action == "dwell":
        since_ms = track.since_ms(fence.id)
        stayed_s = CLOCK_S + (-1 if since_ms is None else (crossing.at_ms - since_ms) / 1000)
        return "too_short" if since_ms is None or stayed_s < fence.dwell_s else None
    return None


def _at_least_m(crossing: Crossing, fences: Fences, track: Track) -> float:
    """Metres that a device has moved at least since it was somewhere at its last fence; 0 where that is not known."""
    last = fences.by_id.get(track.fence)
    if last is None:
        return 0.0
    around_m = last.reach_m + (EXIT_REACH_M if track.action == "exit" else last.radius_m)
    return distance_km(last.lat, last.lon, crossing.lat, crossing.lon) * 1000 - around_m - crossing.accuracy_m


def _followed(track: Track, crossing: Crossing, fence: Fence) -> Track:
    """The track with a crossing that is believed."""
    moved = replace(track, fence=fence.id, action=crossing.action, at_ms=crossing.at_ms).with_id(crossing.digest)
    if crossing.action == "dwell":
        return moved
    return moved.within(fence.id, crossing.at_ms if crossing.action == "enter" else None)
