"""`python -m tests.load [steps|stack|soak]`: load on the decide function, kept at its rate whatever comes back."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.harness import BenchFailed
from tests.load import soak, soak_plan, soak_report, stack, steps
from tests.load.command_line import parse
from tests.load.rig import Size, canned_rig, cores
from tests.load.traffic import Mix
from vitrine.cli.progress import show_progress
from vitrine.errors import VitrineError
from vitrine.ports import Progress

PICTURES: Final = {"steps": "build/load.svg", "stack": "build/load-stack.svg", "soak": "build/load-soak.svg"}
Result = tuple[Sequence[str], bool]


def main() -> int:
    """Run what was asked for; 1 when it cannot be run, with a line that says why, or when a promise was not kept."""
    arguments = parse(sys.argv[1:])
    run = {"steps": run_steps, "stack": run_stack, "soak": run_soak}[arguments.what]
    picture = arguments.picture or Path(PICTURES[arguments.what])
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        with show_progress() as progress:
            lines, passed = run(arguments, picture, progress)
        print("\n".join(lines), flush=True)
    except (BenchFailed, VitrineError, OSError) as error:
        print(f"load: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("load: stopped", file=sys.stderr)
        return 130
    return 0 if passed else 1


def run_steps(arguments: argparse.Namespace, picture: Path, progress: Progress) -> Result:
    """Raise the rate on environments over canned stores."""
    size = size_of(arguments)
    with canned_rig(size, Mix(arguments.events), arguments.seed, progress) as rig:
        done = steps.climb(rig, plan_of(arguments), progress)
    steps.picture(done, picture)
    own, others = cores()
    setting = (
        f"open loop, {arguments.arrivals}; {size.environments} environment(s) on core(s) {others}, all else on {own}; "
        f"{size.visitors:,} visitors, {size.items:,} items; picture: {picture}"
    )
    return steps.report(done, "environments", min(size.environments, len(others)), setting), True


def run_stack(arguments: argparse.Namespace, picture: Path, progress: Progress) -> Result:
    """Raise the rate on a stack."""
    subject = arguments.url, arguments.stack_state
    with stack.open_stack(*subject, size_of(arguments), Mix(arguments.events), arguments.seed, progress) as rig:
        done = steps.climb(rig, plan_of(arguments), progress)
    steps.picture(done, picture)
    setting = (
        f"open loop, {arguments.arrivals}; all of {rig.url} shares all cores with the generator; picture: {picture}"
    )
    return steps.report(done, "stack", None, setting), True


def run_soak(arguments: argparse.Namespace, picture: Path, progress: Progress) -> Result:
    """Load with faults for as long as asked."""
    plan = soak_plan.Plan.of(arguments.minutes * 60, arguments.rate, arguments.seed)
    soaked = soak.soak(size_of(arguments), Mix(arguments.events), plan, progress)
    soak_report.picture(soaked, picture)
    return soak_report.report(soaked, picture), not soaked.failures()


def plan_of(arguments: argparse.Namespace) -> steps.Plan:
    """The steps that were asked for."""
    return steps.Plan(arguments.arrivals, arguments.seconds, arguments.rates, arguments.seed)


def size_of(arguments: argparse.Namespace) -> Size:
    """The size that was asked for."""
    return Size(arguments.visitors, arguments.items, arguments.environments)


if __name__ == "__main__":
    sys.exit(main())
