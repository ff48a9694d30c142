"""What is not believed: a corpus of crossings that somebody made up, each after a true track of the same device.

`python -m tests.outreach.spoofs [tracks]` tells every spoof and every true fix to the service over a table in memory;
its last line is JSON with the two figures.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.outreach.geo_tracks import Fix, demo_fences, tracks
from vitrine.adapters.memory import MemoryTable
from vitrine.outreach.geofence import NEEDED, Crossing
from vitrine.outreach.messages import Message, Trigger
from vitrine.places.fences import Fences
from vitrine.places.geometry import distance_km
from vitrine.service.geofence import GeofenceService, Outcome, Rules, Shown

SEED = 17
TRACKS = 2_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
JUMP_MPS = (340.0, 100_000.0)
"""Speeds of the jumps. From the border of one fence to that of another, an hour's drive away, 300 m/s of an aeroplane
are up to 330 m/s between the points of them that are farthest apart, and its fixes can have been there."""

EVERYTHING = Message("near", Trigger("geofence", actions=frozenset(("enter", "exit", "dwell"))), ())

Make = Callable[[Random, Fix, Fences], Fix | None]


@dataclass
class Rig:
    """The service over a table in memory, at an instant that the caller sets."""

    fences: Fences = field(default_factory=demo_fences)
    messages: tuple[Message, ...] = (EVERYTHING,)
    table: MemoryTable = field(default_factory=MemoryTable)
    nudged: list[str] = field(default_factory=list)
    shown: Shown | None = None

    def service(self, **changes: Any) -> GeofenceService:
        """The service; `changes` replace its parts."""
        parts: dict[str, Any] = {
            "table": self.table,
            "rules": lambda _: Rules(self.fences, self.messages),
            "notify": lambda _: self.shown,
            "nudge": self.nudged.append,
            "token_keys": lambda _: None,
            "clock": lambda: EPOCH,
            "back_off": lambda _: None,
        }
        return GeofenceService(**{**parts, **changes})

    def tell(self, crossing: Crossing, visitor: str, now_ms: int) -> Outcome:
        """What becomes of a crossing that arrives at an instant, with all consent."""
        return self.service().cross(crossing, visitor, NEEDED, False, EPOCH + timedelta(milliseconds=now_ms))


def _again(fix: Fix, after_ms: int, **changes: Any) -> Fix:
    """Another crossing of the device, told later."""
    return Fix(replace(fix.crossing, **changes), fix.arrives_ms + after_ms)


def _fresh(random: Random) -> str:
    return f"{random.getrandbits(64):016x}"


def _teleport(random: Random, last: Fix, fences: Fences) -> Fix | None:
    here = last.crossing
    target = random.choice([one for one in fences.by_id.values() if one.beyond_m(here.lat, here.lon) > 50_000])
    metres = distance_km(here.lat, here.lon, target.lat, target.lon) * 1000
    low, high = JUMP_MPS
    after_ms = max(1, int(metres / (low * (high / low) ** random.random()) * 1000))
    changes = {"lat": target.lat, "lon": target.lon, "fence": target.id, "action": "enter"}
    return _again(last, after_ms, id=_fresh(random), at_ms=here.at_ms + after_ms, **changes)


def _later(random: Random, last: Fix, **changes: Any) -> Fix:
    """The device at the same fence a minute later: believable but for the changes."""
    at_ms = last.crossing.at_ms + 60_000
    return _again(last, 60_000, **{"id": _fresh(random), "at_ms": at_ms, "fence": None, "action": "enter", **changes})


def _at(fences: Fences, name: str) -> dict[str, Any]:
    fence = fences.by_id[name]
    return {"lat": fence.lat, "lon": fence.lon, "fence": name}


def _home(random: Random, last: Fix, fences: Fences, **changes: Any) -> Fix | None:
    """As `_later`, in the very centre of the device's fence."""
    fence = last.crossing.fence
    return None if fence is None else _later(random, last, **{**_at(fences, fence), **changes})


def _replay(random: Random, last: Fix, _: Fences) -> Fix | None:
    return _again(last, random.randint(1, 540_000 - (last.arrives_ms - last.crossing.at_ms)))


def _frozen(random: Random, last: Fix, _: Fences) -> Fix | None:
    back_ms = random.choice((0, random.randint(1, 100_000)))
    return _again(last, random.randint(1, 30_000), id=_fresh(random), at_ms=last.crossing.at_ms - back_ms)


def _elsewhere(random: Random, last: Fix, fences: Fences) -> Fix | None:
    here = last.crossing
    others = [one.id for one in fences.by_id.values() if one.beyond_m(here.lat, here.lon) > 1_000]
    return _later(random, last, fence=random.choice(others), action=random.choice(("enter", "dwell", "exit")))


def _beside(random: Random, last: Fix, fences: Fences) -> Fix | None:
    """A kilometre from the border, as a guess at a shop's address is."""
    if last.crossing.fence is None:
        return None
    fence = fences.by_id[last.crossing.fence]
    return _later(random, last, **{**_at(fences, fence.id), "lat": fence.lat + (fence.reach_m + 1_000) / 111_000})


def _imprecise(random: Random, last: Fix, fences: Fences) -> Fix | None:
    return _home(random, last, fences, accuracy_m=random.choice((0.0, 450.5, 1_001.0, 65_000.0, float("nan"), -1.0)))


def _nowhere(random: Random, last: Fix, _: Fences) -> Fix | None:
    nan, inf = float("nan"), float("inf")
    places = ((nan, nan), (inf, 0.0), (39.1, nan), (0.0, 0.0), (1e-4, -1e-4), (91.0, 10.0), (39.1, 180.5), (-inf, -inf))
    lat, lon = random.choice(places)
    return _later(random, last, lat=lat, lon=lon, fence=last.crossing.fence)


def _future(random: Random, last: Fix, fences: Fences) -> Fix | None:
    ahead_ms = random.choice((60_001, random.randint(60_001, 86_400_000), 2**52))
    return _home(random, last, fences, at_ms=last.arrives_ms + 60_000 + ahead_ms)


def _stale(random: Random, last: Fix, fences: Fences) -> Fix | None:
    old_ms = random.randint(600_001, 300 * 86_400_000)
    found = _home(random, last, fences)
    return None if found is None else replace(found, arrives_ms=found.crossing.at_ms + old_ms)


def _brief(random: Random, last: Fix, fences: Fences) -> Fix | None:
    """A dwell a minute after the device came, or at a fence that it never entered."""
    if last.crossing.action == "enter":
        return _home(random, last, fences, action="dwell")
    if last.crossing.action == "exit":
        return _home(random, last, fences, action="dwell", at_ms=last.crossing.at_ms + 60_000)
    return None


SPOOFS: Mapping[str, Make] = {
    "teleport": _teleport,
    "mocked": lambda random, last, fences: _home(random, last, fences, mocked=True),
    "replayed": _replay,
    "replayed id": lambda random, last, fences: _home(random, last, fences, id=last.crossing.id),
    "frozen": _frozen,
    "future": _future,
    "stale": _stale,
    "inaccurate": _imprecise,
    "no position": _nowhere,
    "other fence": _elsewhere,
    "beside": _beside,
    "brief dwell": _brief,
    "no such fence": lambda random, last, fences: _home(random, last, fences, fence="nowhere"),
    "too fast": lambda random, last, fences: _home(random, last, fences, speed_mps=1_000.0),
}


def corpus(n: int, seed: int, fences: Fences) -> Iterator[tuple[str, list[Fix], Fix]]:
    """Kind, the true track before it, and the spoof; one of each kind after each of n tracks, where there is any."""
    for number, track in enumerate(tracks(n, seed)):
        random = Random(f"spoof.{seed}.{number}")
        for kind, make in SPOOFS.items():
            made = make(random, track[-1], fences) if track else None
            if made is not None:
                yield kind, track, made


def believed_spoofs(n: int, seed: int = SEED) -> tuple[Counter[str], Counter[str], int]:
    """Spoofs by kind, those believed by kind, and how often anybody was to be told of one."""
    rig = Rig()
    told, believed, triggers = Counter[str](), Counter[str](), 0
    for number, (kind, track, spoof) in enumerate(corpus(n, seed, rig.fences)):
        visitor = f"s{number}"
        for fix in track:
            rig.tell(fix.crossing, visitor, fix.arrives_ms)
        rig.nudged.clear()
        outcome = rig.tell(spoof.crossing, visitor, spoof.arrives_ms)
        told[kind] += 1
        believed[kind] += outcome.accepted
        triggers += len(rig.nudged)
    return told, believed, triggers


def refused_fixes(n: int, seed: int = SEED) -> tuple[int, Counter[str]]:
    """True fixes, and those refused by reason."""
    rig, fixes, refused = Rig(), 0, Counter[str]()
    for number, track in enumerate(tracks(n, seed)):
        for fix in track:
            outcome = rig.tell(fix.crossing, f"t{number}", fix.arrives_ms)
            fixes += 1
            if not outcome.accepted:
                refused[str(outcome.reason)] += 1
    return fixes, refused


def main(n: int = TRACKS) -> None:
    """Both figures; JSON on the last line."""
    fixes, refused = refused_fixes(n)
    print(f"{fixes:,} true fixes of {n:,} devices, refused: {dict(refused)}")
    told, believed, triggers = believed_spoofs(max(1, n // 4), SEED + 1)
    print(f"{told.total():,} spoofs: {dict(told)}")
    figures = {
        "true_fixes": fixes,
        "refused": refused.total(),
        "refused_share": round(refused.total() / fixes, 5),
        "spoofs": told.total(),
        "accepted": believed.total(),
        "triggers": triggers,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
