"""True tracks through a store's fences, as telephones tell them: seeded, so that every run sees the same ones.

Devices walk, ride, drive, take trains of 80 m/s and aeroplanes of up to 300 m/s. Their positions have noise of the
accuracy that they state (two of three within it), which wanders as that of real receivers does; fixes have gaps, reach
the shop late, and carry the time of a clock that is some seconds off and now and then set right. A crossing is told as
Android does, with the position that made it one, or as iOS does, 20 m behind the border with a position that is
measured afterwards. Along a border, noise makes many crossings of one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import cos, hypot, pi, radians, sin
from pathlib import Path
from random import Random

from vitrine.api.store_places import read_places
from vitrine.outreach.geofence import Crossing
from vitrine.outreach.messages import FenceAction
from vitrine.places.fences import DEGREE_M, Fence, Fences
from vitrine.places.geometry import distance_km

NOON_MS = 1_795_348_800_000
ROUNDED = 1.51  # standard deviations of each axis in the radius that holds 68 % of a round normal distribution
MODES = {"walk": (0.8, 2.0), "ride": (3.0, 8.0), "drive": (8.0, 38.0), "train": (30.0, 80.0), "plane": (150.0, 300.0)}
LEGS = ("drive", "drive", "drive", "train", "plane")
"""How one gets from a fence to the next, which is some hundred kilometres away."""


@dataclass(frozen=True)
class Fix:
    """A crossing and when it reaches the shop."""

    crossing: Crossing
    arrives_ms: int


@dataclass
class Device:
    """A telephone. `ahead_ms` is how far its clock is; noise is in metres, east and north."""

    random: Random
    is_ios: bool
    accuracy_m: float
    ahead_ms: int
    noise: tuple[float, float] = (0.0, 0.0)

    def measured(self, at: tuple[float, float], lat: float) -> tuple[float, float]:
        """A position in metres from the fence's centre, as the device finds it."""
        sigma, keep = self.accuracy_m / ROUNDED, 0.9  # noise of fixes that follow each other is much the same
        fresh = sigma * (1 - keep**2) ** 0.5
        east, north = (keep * axis + self.random.gauss(0, fresh) for axis in self.noise)
        self.noise = (east, north)
        return at[0] + east, at[1] + north


def demo_fences() -> Fences:
    """The fences of the example store."""
    regions = ["north", "east", "south", "west"]
    return read_places(Path("store/stores.geojson"), regions, ["en", "ru"], ()).to_fences()


def tracks(n: int, seed: int) -> Iterator[list[Fix]]:
    """So many devices' fixes, each in the order of their arrival."""
    fences = list(demo_fences().by_id.values())
    for number in range(n):
        yield _day(Random(f"{seed}.{number}"), fences)


def _day(random: Random, fences: list[Fence]) -> list[Fix]:
    """One device: two to four fences, one after the other."""
    accuracy_m = min(90.0, max(3.0, random.lognormvariate(2.6, 0.6)))
    device = Device(random, random.random() < 0.5, accuracy_m, random.randint(-20_000, 20_000))
    at_ms, fixes, last = NOON_MS, list[Fix](), None
    for fence in random.sample(fences, random.randint(2, 4)):
        mode = random.choice(("walk", "walk", "ride", "drive", "train"))
        if last is not None:
            leg = random.choice(LEGS)
            low, high = MODES[leg]
            metres = distance_km(last.lat, last.lon, fence.lat, fence.lon) * 1000
            at_ms += int(metres / random.uniform(low, high) * 1000)
            mode = leg if leg == "plane" else mode
        found, at_ms = _visit(device, fence, mode, at_ms)
        fixes += found
        last = fence
        device.ahead_ms += random.choice((0, 0, 0, random.randint(-3_000, 3_000)))
    return _delivered(random, fixes)


def _visit(device: Device, fence: Fence, mode: str, at_ms: int) -> tuple[list[Fix], int]:
    """The crossings of one way past, into or along a fence, and when it ends."""
    random, speed = device.random, device.random.uniform(*MODES[mode])
    step_s = random.uniform(4, 15) if mode == "walk" else random.uniform(1, 3) if speed < 40 else 0.5
    path = _along_border(random, fence, speed, step_s) if mode == "walk" and random.random() < 0.2 else None
    path = path or _through(random, fence, speed, step_s, stops=mode in ("walk", "ride", "drive"))
    within_since: int | None = None
    has_dwelt = False
    found: list[Fix] = []
    for true in path:
        at_ms += int(step_s * 1000)
        if random.random() < 0.03:
            continue  # a gap: no position, or the telephone slept
        fix = _fix(device, fence, true, at_ms)
        beyond_m = fence.beyond_m(fix.crossing.lat, fix.crossing.lon)
        margin_m = 20.0 if device.is_ios else 0.0
        action: FenceAction | None = None
        if within_since is None and beyond_m <= -margin_m:
            action, within_since, has_dwelt = "enter", at_ms, False
        elif within_since is not None and beyond_m > margin_m:
            action, within_since = "exit", None
        elif within_since is not None and not has_dwelt and at_ms - within_since >= fence.dwell_s * 1000:
            action, has_dwelt = "dwell", True
        if action is not None:
            if device.is_ios and speed < 15:  # measured for the app, a moment later
                fix = _fix(device, fence, true, at_ms + random.randint(0, 900))
            found.append(replace(fix, crossing=replace(fix.crossing, action=action)))
    return found, at_ms


def _through(random: Random, fence: Fence, speed: float, step_s: float, *, stops: bool) -> list[tuple[float, float]]:
    """True positions on a straight way through a fence, in metres from its centre; perhaps with a halt within."""
    bearing, far = random.uniform(0, 2 * pi), fence.reach_m + max(150.0, 3 * speed * step_s)
    aside = random.uniform(-0.8, 0.8) * fence.radius_m
    n = int(2 * far / (speed * step_s)) + 2
    halt = random.randint(n // 3, 2 * n // 3) if stops and random.random() < 0.4 else -1
    found = []
    for at in range(n):
        along = -far + at * speed * step_s
        place = (along * cos(bearing) - aside * sin(bearing), along * sin(bearing) + aside * cos(bearing))
        found += [place] * (int(random.uniform(60, 1_500) / step_s) if at == halt else 1)
    return found


def _along_border(random: Random, fence: Fence, speed: float, step_s: float) -> list[tuple[float, float]]:
    """A walk along the border of a circle, which noise crosses again and again."""
    turn = speed * step_s / fence.radius_m
    start = random.uniform(0, 2 * pi)
    steps = range(int(random.uniform(0.5, 2) * pi / turn))
    return [(fence.radius_m * cos(start + at * turn), fence.radius_m * sin(start + at * turn)) for at in steps]


def _fix(device: Device, fence: Fence, true: tuple[float, float], at_ms: int) -> Fix:
    east, north = device.measured(true, fence.lat)
    assert hypot(east, north) < 100_000
    crossing = Crossing(
        id=f"{device.random.getrandbits(64):016x}",
        action="enter",
        at_ms=at_ms + device.ahead_ms,
        lat=fence.lat + north / DEGREE_M,
        lon=fence.lon + east / DEGREE_M / cos(radians(fence.lat)),
        accuracy_m=round(device.accuracy_m, 1),
        fence=fence.id if device.random.random() < 0.9 else None,
    )
    return Fix(crossing, at_ms)


def _delivered(random: Random, fixes: list[Fix]) -> list[Fix]:
    """The fixes as they arrive: most at once, some minutes late, never one before an earlier one."""
    found, latest_ms = [], 0
    for fix in fixes:
        late_ms = int(random.expovariate(1 / 4_000)) if random.random() < 0.97 else random.randint(0, 8 * 60_000)
        latest_ms = max(latest_ms, fix.arrives_ms + min(late_ms, 8 * 60_000))
        found.append(replace(fix, arrives_ms=latest_ms))
    return found
