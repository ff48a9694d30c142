"""`python -m tests.faults`: every fault with RELIABILITY's pass figures.

Prints a table as it goes on and one JSON object at the end; ends with 1 when a figure was missed. Times are what a
caller waits, less the time for which the machine gave the handler no core (its longest stands under `machine`).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.bench.harness import ROOT, BenchFailed
from tests.faults.drill import TROUBLES, Plan, drill, warm_environment, without_breaker
from tests.faults.figures import HEAD, Figures, Trouble, line
from tests.faults.flips import flip_about
from tests.faults.forecast import runs_in
from tests.faults.stage import DEPENDENCIES, Stage, open_stage
from tests.faults.starts import BOUNDS, Starts, herd, in_step, start_without, take_over_s
from tests.faults.supply import KINDS, poison_supply
from vitrine.cli.progress import show_progress
from vitrine.ports import Progress

STREAM: Final = tuple(
    Trouble("firehose", fault) for fault in ("hang", "drip", "refuse", "rst", "throttle", "blackhole")
)
WARM: Final = 6
DOWN: Final = (
    *((("s3",), fault) for fault in ("hang", "drip", "refuse", "throttle", "corrupt", "error500")),
    *((("secretsmanager",), fault) for fault in ("hang", "drip", "refuse", "throttle")),
    *((DEPENDENCIES, fault) for fault in ("hang", "refuse", "blackhole", "throttle", "unresolvable")),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the table, what was missed, and the drill's figures if it was one."""

    line: str
    misses: Sequence[str] = ()
    figures: Figures | None = None


Part = Callable[[Stage, argparse.Namespace, Progress], Iterator[Told]]


def drills(stage: Stage, arguments: argparse.Namespace, progress: Progress) -> Iterator[Told]:
    """DynamoDB and the stream fail while page views go on; DynamoDB once more with a breaker that never opens."""
    plan = Plan(arguments.requests, rate=arguments.rate)
    yield Told(HEAD)
    for trouble in (Trouble("dynamodb", "pass"), *TROUBLES, *STREAM):
        asked = replace(plan, requests=max(plan.requests // 5, 1)) if trouble in STREAM else plan
        figures = _drill(stage, trouble, asked, progress)
        yield Told(line(figures), figures.misses, figures)
        if trouble in TROUBLES:
            figures = _drill(stage, trouble, without_breaker(plan), progress, "breaker")
            yield Told(line(replace(figures, name=f"{trouble.fault}, no breaker")), figures.misses, figures)


def _drill(stage: Stage, trouble: Trouble, plan: Plan, progress: Progress, *sabotages: str) -> Figures:
    with warm_environment(stage, trouble, *sabotages) as environment:
        return drill(stage, environment, trouble, plan, progress)


def starts(stage: Stage, arguments: argparse.Namespace, progress: Progress) -> Iterator[Told]:
    """Environments that start while something is down, then a herd of them."""
    for number, (down, fault) in enumerate(DOWN):
        names = "everything" if down == DEPENDENCIES else " ".join(down)
        found = start_without(stage, down, fault)
        yield Told(_start_line(f"start, {names} {fault}", found), found.misses)
        progress("starts", number + 1, len(DOWN))
    for throttled in (0.0, 0.5):
        found = herd(stage, arguments.environments, throttled, progress)
        yield Told(_start_line(f"herd of {arguments.environments}, {throttled:.0%} throttled", found), found.misses)
    taken_s = take_over_s(stage, WARM, BOUNDS)
    misses = in_step(taken_s, BOUNDS)
    told = f"taken over after {taken_s[0]:.1f} to {taken_s[-1]:.1f} s"
    yield Told(f"{f'a flip seen by {WARM} environments':<40}{told}  {'; '.join(misses) or 'pass'}", misses)


def _start_line(name: str, found: Starts) -> str:
    times = f"INIT at most {max(found.init_ms):,.0f} ms, first answers p99 {found.p99_ms():.0f} ms"
    fetched = f", {found.gets} objects" if found.gets else ""
    return f"{name:<40}{times}{fetched}  {'; '.join(found.misses) or 'pass'}"


def releases(stage: Stage, arguments: argparse.Namespace, progress: Progress) -> Iterator[Told]:
    """Flips under way, and models that must not serve."""
    flips = flip_about(stage, arguments.requests, 100, progress)
    told = f"{flips.answers:,} answers over {flips.flips} flips, {len(flips.misses)} mixed or wrong"
    yield Told(f"{'flips':<40}{told}  {'; '.join(flips.misses[:3]) or 'pass'}", flips.misses[:3])
    for number, kind in enumerate(KINDS):
        misses = poison_supply(stage, kind)
        yield Told(f"{'model: ' + kind:<40}{'; '.join(misses) or 'refused, pass'}", misses)
        progress("models", number + 1, len(KINDS))


def weather(_: Stage, __: argparse.Namespace, progress: Progress) -> Iterator[Told]:
    """The example store in heat that is out of date."""
    with open_stage(ROOT) as stage:
        found = runs_in(stage)
    misses = [] if found == {"fresh": True, "stale": False} else [f"the campaign for the heat runs: {found}"]
    yield Told(f"{'weather out of date':<40}{'; '.join(misses) or 'not used, pass'}", misses)
    progress("weather", 1, 1)


PARTS: Final[dict[str, Part]] = {"drills": drills, "starts": starts, "releases": releases, "weather": weather}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="only this part")
    parser.add_argument("--requests", type=int, default=10_000, help="page views under each fault (%(default)s)")
    parser.add_argument("--rate", type=float, default=200.0, help="page views a second, at most (%(default)s)")
    parser.add_argument("--environments", type=int, default=200, help="of the herd (%(default)s)")
    arguments = parser.parse_args()
    try:
        told = run([PARTS[name] for name in ([arguments.part] if arguments.part else PARTS)], arguments)
    except BenchFailed as error:
        print(f"faults: {error}", file=sys.stderr)
        return 1
    print(summary(told))
    return 1 if any(one.misses for one in told) else 0


def run(parts: Sequence[Part], arguments: argparse.Namespace) -> list[Told]:
    """Run parts and print their lines as they come.

    Raises:
        BenchFailed: a process of the rig ended early.
    """
    told: list[Told] = []
    with open_stage() as stage:
        for part in parts:
            with show_progress() as progress:
                for one in part(stage, arguments, progress):
                    told.append(one)
                    print(one.line, flush=True)
    return told


def summary(told: Sequence[Told]) -> str:
    """The last line: the worst of all drills, and what was missed."""
    drilled = [one.figures for one in told if one.figures]
    worst = {
        "requests": sum(len(one.times_ms) for one in drilled),
        "answered_200": sum(one.n_ok for one in drilled),
        "p999_ms": round(max((one.quantile_ms(0.999) for one in drilled), default=0.0), 1),
        "max_ms": round(max((max(one.times_ms) for one in drilled), default=0.0), 1),
        "misses": sum(len(one.misses) for one in told),
    }
    return json.dumps({"suite": "faults", **worst}, separators=(",", ":"))


if __name__ == "__main__":
    sys.exit(main())
