"""A plan for people: what is different in the files, how far the campaigns in question get, and per placement how many
page views would change, who would win them, and a few examples."""

from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from vitrine.cli.plan_example import example_lines
from vitrine.decisions.context import Preview
from vitrine.service.plan import PlacementPlan, PlanReport
from vitrine.service.plan_reach import Reach
from vitrine.wiring.plan import Plan

SOURCES: Final = {"recorded": "on record", "made_up": "made up from visitors' own lists"}


def report_lines(plan: Plan) -> Iterator[str]:
    """The plan, line by line."""
    report = plan.report
    if plan.changes:
        yield from map(str, plan.changes)
    else:
        yield f"the files are those of {plan.before}"
    left_out = f", {report.left_out:,} left out (inputs gone or of another version)" if report.left_out else ""
    yield f"against release {plan.before}: {report.views:,} page views {SOURCES[plan.source]}{left_out}"
    yield from _supposed(plan.supposed)
    yield from _reached(plan)
    yield from _changed(report)


def _supposed(supposed: Preview) -> Iterator[str]:
    told = [f"{path}={orjson.dumps(value).decode()}" for path, value in supposed.attributes.items()]
    at = [] if supposed.at is None else [supposed.at.isoformat()]
    if told or at:
        yield f"supposed in all of them, which is why they are made up: {', '.join([*at, *told])}"


def _reached(plan: Plan) -> Iterator[str]:
    added = {name for one in plan.changes if one.section == "campaigns" for name in one.added}
    for name, reach in plan.report.reach.items():
        word = "added" if name in added else "changed"
        yield f"  {name}: {word}, {_reach(reach, plan.report.views)}"


def _reach(reach: Reach, views: int) -> str:
    """Of how many page views it speaks, on how many it is shown, and what keeps it from the others."""
    held_back = f" and held back in {reach.held_back:,}" if reach.held_back else ""
    lost = ", ".join(f"{outcome.replace('_', ' ')} {n:,}" for outcome, n in reach.lost.items())
    told = f"shown in {reach.shown:,}{held_back} of {views:,} page views, its condition held in {reach.eligible:,}"
    return f"{told} (not shown: {lost})" if lost else told


def _changed(report: PlanReport) -> Iterator[str]:
    if not report.changed:
        yield "nothing would change"
        return
    yield f"{report.changed:,} page views ({report.changed / report.views:.1%}) would change"
    yield ""
    yield from _table(report.placements)
    for name, placement in report.placements.items():
        if placement.changed:
            yield ""
            yield from _placement(name, placement)


def _table(placements: Mapping[str, PlacementPlan]) -> Iterator[str]:
    width = max(map(len, placements), default=0)
    yield f"{'placement':<{width}}  page views  changed   share"
    for name, placement in placements.items():
        yield f"{name:<{width}}  {placement.views:>10,}  {placement.changed:>7,}  {placement.share:>6.1%}"


def _placement(name: str, placement: PlacementPlan) -> Iterator[str]:
    yield name
    for winner, (before, after) in placement.won.items():
        mark = "" if before == after else f"  ({after - before:+,})"
        yield f"  {winner}: {before:,} -> {after:,}{mark}"
    for example in placement.examples:
        yield f"  e.g. {example.who}, {example.page} page, {example.region}"
        yield from example_lines(example)
