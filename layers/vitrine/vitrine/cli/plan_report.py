"""A plan for people: per placement how many page views would change, who would win them, and a few examples."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from vitrine.service.plan import Example, PlacementPlan, Shown
from vitrine.wiring.plan import Plan

ITEMS: Final = 3
WIDTH: Final = 100
SOURCES: Final = {"recorded": "on record", "made_up": "made up from visitors' own lists"}


def report_lines(plan: Plan) -> Iterator[str]:
    """The plan, line by line."""
    report = plan.report
    left_out = f", {report.left_out:,} left out (inputs gone or of another version)" if report.left_out else ""
    yield f"against release {plan.before}: {report.views:,} page views {SOURCES[plan.source]}{left_out}"
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
        yield from _example(example)


def _example(example: Example) -> Iterator[str]:
    yield f"    before  {_said(example.before, example.after)}"
    yield f"    after   {_said(example.after, example.before)}"


def _said(shown: Shown | None, other: Shown | None) -> str:
    """What was shown, beginning where it differs from the other."""
    if shown is None:
        return "no such placement"
    if shown.kind == "none":
        return f"{_name(shown)}: nothing"
    parts = [
        _items(shown.items, other.items if other else ()),
        _content(shown.content, other.content if other else None),
    ]
    return _short(f"{_name(shown)}: {'; '.join(filter(None, parts)) or shown.kind}")


def _name(shown: Shown) -> str:
    if shown.campaign is None:
        return "the placement's own"
    variation = f", variation {shown.variation}" if shown.variation else ""
    held_back = ", held back" if shown.control else ""
    return f"{shown.campaign}{variation}{held_back}"


def _items(items: Sequence[str], other: Sequence[str]) -> str:
    first = next((n for n, pair in enumerate(zip(items, other, strict=False)) if pair[0] != pair[1]), 0)
    told = ", ".join(items[first : first + ITEMS])
    more = len(items) - first - ITEMS
    ahead = f"(from place {first + 1}) " if first else ""
    return f"{ahead}{told}{f' and {more} more' if more > 0 else ''}" if items else ""


def _content(content: Any, other: Any) -> str:  # noqa: ANN401 - any JSON
    """The fields that differ, all of them where the other is no object."""
    if content is None:
        return ""
    if isinstance(content, dict) and isinstance(other, dict):
        differing = {name: value for name, value in content.items() if other.get(name) != value}
        return orjson.dumps(differing or content).decode()
    return orjson.dumps(content).decode()


def _short(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
