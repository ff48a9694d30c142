"""What a plan counts and tells, of page views decided under two stores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.unit import pages
from tests.unit.pages import NOW_MS, Even, card
from vitrine.cli.plan_command import plan_json
from vitrine.cli.plan_report import report_lines
from vitrine.decisions.answers import Answer, Decision, Reason, Shelf, Slot
from vitrine.decisions.release import Release
from vitrine.service.plan import EXAMPLES, HOUSE, PlanReport, compare
from vitrine.types import PageType
from vitrine.wiring.plan import Plan

BEFORE = Release("r1", NOW_MS, pages.store(), Even(), {})
AFTER = replace(BEFORE, store=pages.store(pages.placement("top"), pages.placement("home.recs")))


@dataclass(frozen=True)
class OneView:
    """A page view whose answers are given; None for a store under which it cannot be decided."""

    before: tuple[Answer, ...] | None
    after: tuple[Answer, ...] | None
    who: str = "a visitor"
    page: PageType = "home"


def decide_view(view: OneView, release: Release) -> Decision | None:
    """What the view says."""
    answers = view.before if release is BEFORE else view.after
    return None if answers is None else Decision("d1", release.id, None, "north", "default", answers, (), (), 0.0)


def shown(*items: str, placement: str = "home.recs", **changes: Any) -> Answer:
    """A row of items."""
    slots = [Slot(item, place, card(item.title()), Reason("popular")) for place, item in enumerate(items)]
    return replace(Answer(placement, "products", items=slots), **changes)


def planned(*views: OneView) -> PlanReport:
    """The comparison of these views."""
    return compare(views, BEFORE, AFTER, decide_view)


def won(report: PlanReport, placement: str = "home.recs") -> Mapping[str, tuple[int, int]]:
    """Who won a placement, before and after."""
    return report.placements[placement].won


def test_equal_answers_are_no_change():
    """Two page views that look the same under both stores; another release, score or reason is nothing to see."""
    slot = replace(shown("milk").items[0], score=2.0, reason=Reason("new"), rules=("boost",))
    report = planned(OneView((shown("milk"),), (shown("milk"),)), OneView((shown("milk"),), (shown(items=[slot]),)))
    assert (report.views, report.changed, report.left_out) == (2, 0, 0)
    assert report.placements["home.recs"].share == 0.0
    assert report.placements["home.recs"].examples == []


@pytest.mark.parametrize(
    "after",
    [
        shown("beer"),
        shown("milk", "beer"),
        shown("milk", campaign="rain", variation="a"),
        shown("milk", kind="overlay", mechanic="idle"),
        shown("milk", content={"title": "Other"}),
        shown(items=[replace(shown("milk").items[0], label="Ad")]),
        shown(items=[replace(shown("milk").items[0], slot=1)]),
        shown("milk", rows=[Shelf("Row", shown("beer").items)]),
    ],
)
def test_whatever_a_visitor_sees_otherwise_is_a_change(after):
    """Items and their places and labels, content, kind, rows; and who won, if it looks the same."""
    report = planned(OneView((shown("milk"),), (after,)))
    assert (report.changed, report.placements["home.recs"].changed) == (1, 1)


def test_winners_are_counted_before_and_after():
    """Campaigns by name, those held back apart, and the placement's own action last."""
    rain, sale = shown("beer", campaign="rain"), shown("milk", campaign="sale", control=True)
    report = planned(
        OneView((shown("milk"),), (rain,)),
        OneView((shown("milk"),), (sale,)),
        OneView((rain,), (rain,)),
    )
    assert won(report) == {"rain": (1, 2), "sale (held back)": (0, 1), HOUSE: (2, 0)}
    assert list(won(report))[-1] == HOUSE
    assert (report.views, report.changed) == (3, 2)


def test_a_placement_that_comes_or_goes_is_a_change():
    """It is counted on the pages that have it in either store; new ones come in the order of the new store."""
    report = planned(OneView((shown("milk"),), (shown("milk"), shown("tea", placement="top"))))
    assert list(report.placements) == ["top", "home.recs"]
    assert won(report, "top") == {HOUSE: (0, 1)}
    example = report.placements["top"].examples[0]
    assert example.before is None
    assert example.after is not None
    assert example.after.items == ("Tea",)
    assert report.changed == 1


def test_views_that_cannot_be_decided_are_left_out():
    """Also when only one of the two is missing: half a comparison is none."""
    milk = (shown("milk"),)
    report = planned(OneView(None, milk), OneView(milk, None), OneView(milk, milk))
    assert (report.views, report.left_out) == (1, 2)


def test_examples_are_few_and_of_different_kinds_first():
    """Ten views in which the row changes and one that a campaign wins: its example is not crowded out."""
    changed = [OneView((shown("milk"),), (shown("beer"),), who=f"visitor {n}") for n in range(10)]
    taken = OneView((shown("milk"),), (shown("tea", campaign="rain"),), who="the last")
    examples = planned(*changed, taken).placements["home.recs"].examples
    assert [example.who for example in examples] == ["visitor 0", "the last", "visitor 1"]
    assert len(examples) == EXAMPLES


def test_the_report_for_people():
    """Totals, shares, winners, and examples that begin where they differ."""
    banner = shown(placement="top", kind="content", campaign="rain", content={"title": "Rain", "href": "/a"})
    other = replace(banner, content={"title": "Rain", "href": "/b"})
    same = [f"item{n}" for n in range(5)]
    report = planned(
        OneView((banner, shown(*same, "milk")), (other, shown(*same, "beer", "tea"))),
        OneView((shown("milk"),), (shown(kind="none"),), page="cart"),
        OneView((shown("milk"),), (shown("milk"),)),
        OneView(None, None),
    )
    lines = list(report_lines(Plan("r1", "recorded", report)))
    assert lines == [
        "against release r1: 3 page views on record, 1 left out (inputs gone or of another version)",
        "2 page views (66.7%) would change",
        "",
        "placement  page views  changed   share",
        "top                 1        1  100.0%",
        "home.recs           3        2   66.7%",
        "",
        "top",
        "  rain: 1 -> 1",
        "  e.g. a visitor, home page, north",
        '    before  rain: {"href":"/a"}',
        '    after   rain: {"href":"/b"}',
        "",
        "home.recs",
        "  (the placement's own): 3 -> 3",
        "  e.g. a visitor, home page, north",
        "    before  the placement's own: (from place 6) Milk",
        "    after   the placement's own: (from place 6) Beer, Tea",
        "  e.g. a visitor, cart page, north",
        "    before  the placement's own: Milk",
        "    after   the placement's own: nothing",
    ]


def test_a_report_of_no_change_is_two_lines():
    """Nothing is listed where nothing would change."""
    lines = list(report_lines(Plan("r1", "made_up", planned(OneView((shown("milk"),), (shown("milk"),))))))
    assert lines == [
        "against release r1: 1 page views made up from visitors' own lists",
        "nothing would change",
    ]


def test_the_report_for_machines():
    """All of it as JSON."""
    report = planned(OneView((shown("milk"),), (shown("beer", campaign="rain"),)))
    text = plan_json(Plan("r1", "recorded", report))
    assert '"won":{"rain":[0,1],"(the placement\'s own)":[1,0]}' in text
    assert '"shares":{"home.recs":1.0}' in text
