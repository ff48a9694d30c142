"""What a plan counts and tells, of page views decided under two stores."""

from argparse import ArgumentParser
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit import pages
from tests.unit.pages import NOW_MS, Even, card
from vitrine.api.store_changes import Changes
from vitrine.cli.plan_command import plan_json
from vitrine.cli.plan_report import report_lines
from vitrine.cli.plan_supposed import add_supposed, find_supposed
from vitrine.decisions.answers import Answer, Considered, Decision, Drawn, Ends, Outcome, Reason, Shelf, Slot
from vitrine.decisions.context import Preview
from vitrine.decisions.release import Release
from vitrine.service.plan import EXAMPLES, HOUSE, PlanReport, compare
from vitrine.service.plan_reach import Reach
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


def decide_view(view: OneView, release: Release, *, explain: bool = False) -> Decision | None:
    """What the view says."""
    answers = view.before if release is BEFORE else view.after
    return None if answers is None else Decision("d1", release.id, None, "north", "default", answers, (), (), 0.0)


def shown(*items: str, placement: str = "home.recs", **changes: Any) -> Answer:
    """A row of items."""
    slots = [Slot(item, place, card(item.title()), Reason("popular")) for place, item in enumerate(items)]
    return replace(Answer(placement, "products", items=slots), **changes)


def planned(*views: OneView, campaigns: Collection[str] = ()) -> PlanReport:
    """The comparison of these views."""
    return compare(views, BEFORE, AFTER, decide_view, campaigns)


def example_of(before: Answer, after: Answer) -> list[str]:
    """How the report for people tells of one change: before and after."""
    lines = list(report_lines(Plan("r1", "recorded", planned(OneView((before,), (after,))))))
    return [line.split(": ", 1)[1] for line in lines if line.startswith("    ")]


def won(report: PlanReport, placement: str = "home.recs") -> Mapping[str, tuple[int, int]]:
    """Who won a placement, before and after."""
    return report.placements[placement].won


def test_equal_answers_are_no_change():
    """Two page views that look the same under both stores; another release, score or reason is nothing to see."""
    slot = shown("milk").items[0]._replace(score=2.0, reason=Reason("new"), rules=("boost",))
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
        shown("milk", live=Ends(5)),
        shown("milk", live=Drawn("soup")),
        shown(items=[shown("milk").items[0]._replace(label="Ad")]),
        shown(items=[shown("milk").items[0]._replace(slot=1)]),
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
        "the files are those of r1",
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


def test_a_report_of_no_change_is_short():
    """Nothing is listed where nothing is different and nothing would change."""
    lines = list(report_lines(Plan("r1", "made_up", planned(OneView((shown("milk"),), (shown("milk"),))))))
    assert lines == [
        "the files are those of r1",
        "against release r1: 1 page views made up from visitors' own lists",
        "nothing would change",
    ]


def test_the_report_for_machines():
    """All of it as JSON."""
    report = planned(OneView((shown("milk"),), (shown("beer", campaign="rain"),)))
    text = plan_json(Plan("r1", "recorded", report))
    assert '"won":{"rain":[0,1],"(the placement\'s own)":[1,0]}' in text
    assert '"shares":{"home.recs":1.0}' in text


def considered(*outcomes: tuple[str, Outcome], placement: str = "home.recs") -> Answer:
    """A row for which these campaigns were considered."""
    return shown("milk", placement=placement, considered=[Considered(name, outcome) for name, outcome in outcomes])


def test_reach_tells_a_campaign_that_never_held_from_one_that_loses():
    """Its condition, being shown, being held back and what it lost by; pages without its placements too."""
    outcomes: list[Outcome] = ["shown", "control", "outranked", "capped", "condition", "schedule", "consent", "page"]
    views = [OneView((shown("milk"),), (considered(("rain", outcome), ("sun", "condition")),)) for outcome in outcomes]
    report = planned(*views, OneView((shown("milk"),), (shown("milk"),)), campaigns=["rain", "sun", "snow"])
    lost = {"page": 2, "outranked": 1, "capped": 1, "condition": 1, "schedule": 1, "consent": 1}
    assert report.reach["rain"] == Reach(4, 1, 1, lost)
    assert report.reach["sun"] == Reach(0, 0, 0, {"condition": 8, "page": 1})
    assert report.reach["snow"] == Reach(0, 0, 0, {"page": 9})


@pytest.mark.parametrize("order", [1, -1])
def test_a_page_counts_once_however_many_placements_a_campaign_wants(order):
    """Shown in one of them is shown; refused in another says more than outranked in it."""
    answers = [
        considered(("rain", "outranked"), ("sun", "outranked")),
        considered(("rain", "shown"), ("sun", "nothing_to_show"), placement="top"),
    ]
    report = planned(OneView((shown("milk"),), tuple(answers[::order])), campaigns=["rain", "sun"])
    assert report.reach == {"rain": Reach(1, 1, 0, {}), "sun": Reach(1, 0, 0, {"nothing_to_show": 1})}


def test_the_report_begins_with_what_is_different_in_the_files():
    """Also where nothing would change for anybody: then it says how far each campaign got, and what was supposed."""
    views = [OneView((shown("milk"),), (considered(("umbrella-row", "condition"), ("ice", "capped")),))] * 1220
    changes = [
        Changes("campaigns", ("umbrella-row",), ("old",), ("ice",)),
        Changes("rules", ("coffee",), (), ()),
    ]
    supposed = Preview(datetime(2026, 12, 24, 18, tzinfo=UTC), attributes={"weather.condition": "rain"})
    report = planned(*views, campaigns=["umbrella-row", "ice"])
    lines = list(report_lines(Plan("r1", "made_up", report, changes, supposed)))
    assert lines == [
        "campaigns: added umbrella-row; removed old; changed ice",
        "rules: added coffee",
        "against release r1: 1,220 page views made up from visitors' own lists",
        'supposed in all of them, which is why they are made up: 2026-12-24T18:00:00+00:00, weather.condition="rain"',
        "  umbrella-row: added, shown in 0 of 1,220 page views, its condition held in 0 (not shown: condition 1,220)",
        "  ice: changed, shown in 0 of 1,220 page views, its condition held in 1,220 (not shown: capped 1,220)",
        "nothing would change",
    ]
    text = plan_json(Plan("r1", "made_up", report, changes, supposed))
    assert '"added":["umbrella-row"]' in text
    assert '"weather.condition":"rain"' in text
    assert '"eligible":1220,"shown":0' in text


def test_examples_tell_what_differs_first_and_whole():
    """A title behind long goods, the end of a long text, a field deep down, one that is gone."""
    goods = [f"a very long title of goods number {n}" for n in range(4)]
    row = shown(*goods, content={"title": "For you", "href": "/a"})
    assert example_of(row, replace(row, content={"title": "Yours", "href": "/a"})) == [
        '{"title":"For you"}',
        '{"title":"Yours"}',
    ]
    long = "Everything for a rainy day, delivered to your door from the shop around the corner, "
    banner = shown(kind="content", content={"text": {"title": long + "today", "more": long}})
    before, after = example_of(banner, replace(banner, content={"text": {"title": long + "now", "more": long}}))
    assert before == '{"text":{"title":"...the corner, today"}}'
    assert after == '{"text":{"title":"...the corner, now"}}'
    bare = replace(row, content={"title": "For you"})
    assert example_of(row, bare) == ['{"href":"/a"}', "without href"]
    text = shown(kind="content", content={"text": "Buy"})
    assert example_of(shown(kind="none"), text) == ["nothing", '{"text":"Buy"}']
    assert example_of(replace(text, items=row.items), text)[1] == "no goods"
    assert example_of(bare, replace(bare, content=None)) == ['{"title":"For you"}', "no content"]


def test_examples_tell_of_labels_and_titles_of_rows():
    """Where the goods are the same."""
    milk = shown("milk")
    ad = shown(items=[milk.items[0]._replace(label="Ad")])
    assert example_of(milk, ad) == ["Milk", "Milk [Ad]"]
    rows = [shown(rows=[Shelf(title, milk.items)]) for title in ("Again", "Once more")]
    assert example_of(*rows) == ["Again", "Once more"]
    assert example_of(shown("milk", "tea"), milk) == ["(from place 2) Tea", "no more than 1"]


def supposed(*words: str) -> Preview:
    """What these arguments suppose."""
    parser = ArgumentParser()
    add_supposed(parser)
    return find_supposed(parser.parse_args(words))


def test_examples_tell_ends_and_outcomes() -> None:
    """What differs; of a countdown whose words stay the same, when it ends."""
    words = {"kind": "overlay", "content": {"title": "Soon over"}}
    before, after = (shown(live=Ends(at_ms), **words) for at_ms in (1_795_348_800_000, 1_795_350_600_000))
    assert example_of(before, after) == ["ends 2026-11-22 12:00:00 UTC", "ends 2026-11-22 12:30:00 UTC"]
    assert example_of(shown(kind="none"), shown(live=Drawn("soup"), **words))[-1].startswith(
        "the wheel stops at soup; "
    )


def test_circumstances_to_suppose_are_json_or_text():
    """Numbers, texts, lists, what is not known; an instant with its zone. Nothing is nothing supposed."""
    assert supposed() == Preview()
    words = ["weather.temperature_c=33", "weather.condition=rain", "crm.tier=null", 'page.query="a=b"']
    told = supposed(*(part for word in words for part in ("--suppose", word)), "--at", "2026-12-24T18:00+00:00")
    assert told.at == datetime(2026, 12, 24, 18, tzinfo=UTC)
    assert dict(told.attributes) == {
        "weather.temperature_c": 33,
        "weather.condition": "rain",
        "crm.tier": None,
        "page.query": "a=b",
    }


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--suppose", "weather.temperature_c"], "should be PATH=VALUE"),
        (["--suppose", "weather.temperature_c=warm"], "weather.temperature_c: should be a number"),
        (["--suppose", "weather.condition=frogs"], "weather.condition: should be one of"),
        (["--suppose", "weather.frogs=1"], "weather.frogs: there is no attribute of this name"),
        (["--at", "tomorrow"], "should be an ISO 8601 instant"),
        (["--at", "2026-12-24T18:00"], "should say its zone"),
        (["--at", "1926-12-24T18:00Z"], "should be in the years"),
    ],
)
def test_what_nobody_can_suppose_is_wrong_usage(words, fault, capsys):
    """One line that names the fault."""
    with pytest.raises(SystemExit, match="2"):
        supposed(*words)
    assert fault in capsys.readouterr().err
