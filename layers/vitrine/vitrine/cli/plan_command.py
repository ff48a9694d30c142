"""`vitrine plan`: what visitors would see otherwise if a store folder were published. Nothing is written."""

import argparse
import sys

import orjson

from vitrine.cli.named_goods import unknown_goods, warn_of
from vitrine.cli.plan_report import report_lines
from vitrine.cli.plan_supposed import add_supposed, find_supposed
from vitrine.cli.progress import show_progress
from vitrine.cli.store_argument import add_folder, compiled_store
from vitrine.cli.target import add_target, find_settings
from vitrine.wiring.plan import N_VISITORS, Plan, Wanted, build_planner
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_folder(parser)
    told = "decide the last N page views on record (default 500)"
    parser.add_argument("--recorded", type=_positive, default=500, metavar="N", help=told)
    told = f"decide made-up page views of N visitors instead (as when nothing is on record: {N_VISITORS})"
    parser.add_argument("--visitors", type=_positive, metavar="N", help=told)
    told = "decide made-up page views of this visitor instead; may be given several times"
    parser.add_argument("--visitor", action="append", default=[], metavar="ID", help=told)
    parser.add_argument(
        "--release", metavar="ID", help="compare with this release's files instead of the current one's"
    )
    add_supposed(parser)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print; 0, or 1 when a file has a fault."""
    store = compiled_store(arguments.folder)
    if store is None:
        return 1
    supposed = find_supposed(arguments)
    wanted = Wanted(arguments.recorded, arguments.visitor, arguments.visitors, arguments.release, supposed)
    settings = find_settings(arguments)
    planner = build_planner(settings)
    warn_of(unknown_goods(arguments.folder, open_releases(settings)[0]))
    with show_progress() as progress:
        plan = planner.plan(store, wanted, progress)
    if arguments.json:
        sys.stdout.write(plan_json(plan) + "\n")
    else:
        print("\n".join(report_lines(plan)))
    return 0


def plan_json(plan: Plan) -> str:
    """The whole plan as one line of JSON."""
    shares = {name: placement.share for name, placement in plan.report.placements.items()}
    told = {"before": plan.before, "source": plan.source, "changes": plan.changes, "supposed": plan.supposed}
    return orjson.dumps({**told, "shares": shares, "report": plan.report}).decode()


def _positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
