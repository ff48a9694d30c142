"""The report's page: everything is escaped, odd numbers are survived, and nothing outside the page is needed."""

import re
from html.parser import HTMLParser
from itertools import pairwise
from math import inf, isfinite, nan, nextafter
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vitrine.refresh.report import BarFigure, Figure, LineFigure, Section, TableFigure
from vitrine.refresh.report_bars import draw_bars
from vitrine.refresh.report_lines import draw_lines
from vitrine.refresh.report_numbers import cell_text, short_text, tick_texts, ticks
from vitrine.refresh.report_page import LATEST, page_name, render
from vitrine.refresh.report_svg import shorten

EVIL = '<script>alert("1")</script>&\'{{ 7 * 7 }}'
NUMBERS = st.one_of(st.floats(), st.integers(-(10**18), 10**18).map(float), st.floats(-1.0, 1.0))


class Tags(HTMLParser):
    """Collects what a page consists of."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Elements close in the order in which they opened."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Note a text."""
        self.text.append(data)

    def count(self, name: str) -> int:
        """How many elements of a kind there are."""
        return sum(tag == name for tag, _ in self.tags)


def parse(page: str) -> Tags:
    """The page's elements; every one of them is closed."""
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def page_of(*figures: Figure) -> Tags:
    """A page of one section with these figures."""
    return parse(render("Refresh", "a release", [Section("Lists", "All is well.", figures, "good")]))


def numbers_in(svg: str) -> list[float]:
    """All coordinates and sizes of a drawing."""
    root = ElementTree.fromstring(svg)
    names = ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height")
    return [float(node.attrib[name]) for node in root.iter() for name in names if name in node.attrib]


def test_all_texts_are_escaped():
    """Markup in titles, verdicts, captions, heads, cells, labels, names and units is shown, not obeyed."""
    figures = [
        TableFigure(EVIL, [EVIL], [[EVIL]]),
        BarFigure(EVIL, [EVIL, "b"], {EVIL: [1.0, 2.0], "other": [2.0, 1.0]}, EVIL),
        LineFigure(EVIL, EVIL, EVIL, {EVIL: ([0.0, 1.0], [0.0, 1.0]), "other": ([0.0], [1.0])}),
    ]
    page = render(EVIL, EVIL, [Section(EVIL, EVIL, figures)])
    tags = parse(page)
    assert tags.count("script") == 0
    assert "<script" not in page
    assert "49" not in "".join(tags.text[:40])
    assert sum(text.count("alert(") for text in tags.text) > 10


def test_page_needs_nothing_else():
    """No script, no picture, no address outside the page; links lead to its sections."""
    sections = [Section(f"Section {number}", "Fine.", [BarFigure("Bars", ["a"], {"n": [1.0]})]) for number in range(3)]
    page = render("Refresh", "a release", sections)
    tags = parse(page)
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in tags.tags}
    assert "http" not in page
    assert "url(" not in page
    ids = {attributes["id"] for _, attributes in tags.tags if "id" in attributes}
    links = [attributes["href"] for tag, attributes in tags.tags if tag == "a"]
    assert len(links) == 3
    assert all(link.removeprefix("#") in ids for link in links)


def test_contents_carry_verdicts_and_tones_as_words():
    """The list on top has every verdict, and its tone as a word, for who does not see the colour."""
    page = render(
        "Refresh",
        "",
        [Section("Lists", "Coverage fell.", tone="warning"), Section("Model", "It is refused.", tone="bad")],
    )
    top = page[page.index("<nav") : page.index("</nav>")]
    for words in ("Coverage fell.", "It is refused.", "look at", "bad"):
        assert words in top


def test_charts_can_be_heard_and_read():
    """A chart is an image with a title, has a caption, and its numbers lie beneath as a table with heads."""
    tags = page_of(LineFigure("Reliability", "predicted", "came", {"model": ([0.1, 0.5], [0.2, 0.4])}, diagonal=True))
    drawings = [attributes for tag, attributes in tags.tags if tag == "svg"]
    assert [drawing["role"] for drawing in drawings] == ["img"]
    assert tags.count("title") == 2  # the page's and the drawing's
    assert tags.count("figcaption") == 1
    assert tags.count("details") == 1
    heads = [attributes for tag, attributes in tags.tags if tag == "th" and attributes.get("scope") == "col"]
    assert len(heads) == 3


def test_empty_parts_are_said():
    """A page without sections, a section without figures, figures without data."""
    assert "nothing to report" in render("Refresh", "", [])
    tags = page_of(
        TableFigure("Nothing", ["name"], []),
        TableFigure("No heads", [], []),
        BarFigure("No bars", [], {}),
        BarFigure("No numbers", ["a"], {"n": [nan]}),
        LineFigure("No series", "x", "y", {}),
        LineFigure("No points", "x", "y", {"a": ([], [])}, diagonal=True),
    )
    assert "".join(tags.text).count("no data") == 4
    assert "none" in tags.text


def test_missing_numbers_are_dashes():
    """None, NaN and infinity are dashes in tables and beside bars, and make no bar."""
    tags = page_of(
        TableFigure("Table", ["a", "b", "c"], [["x", None, nan], ["y", 2, inf]]),
        BarFigure("Bars", ["first label", "second label", "third label"], {"a long name of it": [1.0, nan, inf]}),
    )
    assert tags.text.count("–") == 3 + 2 + 2  # the table, beside the bars, the bars' own table
    assert sum(tag == "rect" for tag, _ in tags.tags) == 1


def test_short_rows_and_series_are_filled():
    """A row with fewer cells than heads, or more, and a series shorter than the labels do not break the page."""
    tags = page_of(
        TableFigure("Ragged", ["a", "b"], [["x"], ["y", 1, 2]]),
        BarFigure("Short", ["a", "b"], {"one": [1.0], "two": [1.0, 2.0, 3.0]}),
    )
    assert tags.count("tr") == 3 + 3


def test_numbers_stand_to_the_right():
    """Columns of numbers are aligned by their last digit; a column with a word in it is text."""
    page = render(
        "", "", [Section("", "", [TableFigure("", ["name", "n", "mixed"], [["x", 1, 2], ["y", None, "none"]])])]
    )
    assert page.count('class="number"') == 3


@pytest.mark.parametrize("n_points", [1, 2, 61])
def test_lines_of_few_and_many_points(n_points):
    """One point is a dot in the chart; many points are a line without dots."""
    xs = [float(number) for number in range(n_points)]
    svg = draw_lines(LineFigure("Line", "x", "y", {"a": (xs, xs)}))
    assert svg.count("<circle") == (n_points if n_points < 61 else 0)
    assert svg.count("<polyline") == 1


def test_gap_in_a_line():
    """A point that is not a number parts the line in two."""
    svg = draw_lines(LineFigure("Line", "x", "y", {"a": ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, nan, 4.0, 5.0])}))
    assert svg.count("<polyline") == 2


def test_forty_bars_lie_one_below_the_other():
    """Many labels get as much height as they need, and none is lost."""
    labels = [f"persona number {number}" for number in range(40)]
    svg = draw_bars(BarFigure("Personas", labels, {"visitors": [float(number) for number in range(40)]}))
    heights = [float(node.attrib["y"]) for node in ElementTree.fromstring(svg).iter("rect")]
    assert len(heights) == 40
    assert min(after - before for before, after in pairwise(heights)) > 14.0


def test_few_short_labels_stand():
    """Weekdays are columns, all of the same foot, with an axis beside them."""
    svg = draw_bars(BarFigure("Week", ["Mon", "Tue", "Wed"], {"orders": [3.0, 5.0, 4.0]}))
    bars = list(ElementTree.fromstring(svg).iter("rect"))
    feet = {round(float(bar.attrib["y"]) + float(bar.attrib["height"])) for bar in bars}
    assert len(feet) == 1


def test_negative_bars_hang():
    """A loss goes to the other side of the axis."""
    svg = draw_bars(BarFigure("Gain", ["a", "b"], {"gain": [5.0, -5.0]}))
    up, down = ElementTree.fromstring(svg).iter("rect")
    assert float(up.attrib["y"]) < float(down.attrib["y"])


@given(st.lists(NUMBERS, max_size=12), st.lists(NUMBERS, max_size=12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_numbers_can_be_drawn(first, second, diagonal):
    """Huge, tiny, negative, equal and missing numbers give well-formed drawings with finite coordinates inside them."""
    bars = BarFigure("Bars", [str(number) for number in range(len(first))], {"a": first, "b": second})
    lines = LineFigure("Lines", "x", "y", {"a": (first, second), "b": (second, first)}, diagonal)
    for svg in (draw_bars(bars), draw_lines(lines)):
        places = numbers_in(svg)
        assert all(isfinite(place) and -60.0 <= place <= 1_000.0 for place in places)
        assert "nan" not in svg.lower()


@given(st.floats(-1e299, 1e299), st.floats(-1e299, 1e299))
@example(1e299, nextafter(1e299, inf))
@example(1e16, 1e16 + 2.0)
@example(0.0, 5e-324)
def test_ticks_hold_the_range(one, other):
    """Ticks begin at or below the least value, end at or above the greatest, and are few."""
    low, high = min(one, other), max(one, other)
    found = ticks(low, high)
    slack = 1e-6 * max(abs(low), abs(high), found[1] - found[0])
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    assert 2 <= len(found) <= 12
    assert all(after > before for before, after in pairwise(found))


def test_ticks_that_lie_close_are_told_apart():
    """Where three digits would give the same text twice, there are more."""
    texts = tick_texts(ticks(5.0, 5.0001))
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0, "", "0"),
        (0.02, "%", "0.02%"),
        (999.7, "", "1,000"),
        (12_345, "items", "12.3k items"),
        (999_950, "", "1M"),
        (-30_000, "", "-30k"),
        (1e15, "", "1e+15"),
        (1e-9, "", "1e-09"),
        (None, "%", "–"),
    ],
)
def test_short_numbers(value, unit, words):
    """Numbers beside bars are short, and say their unit."""
    assert short_text(value, unit) == words


@pytest.mark.parametrize(
    ("cell", "words"),
    [(1_234_567, "1,234,567"), (1234.5, "1,234"), (0.12345, "0.1235"), (True, "yes"), (10**400, "over 1e300")],
)
def test_cells(cell, words):
    """Cells keep whole numbers whole."""
    assert cell_text(cell) == words


def test_long_labels_keep_their_ends():
    """A label is cut in its middle."""
    shown = shorten("grocery/dairy/cheese/blue cheese", 120.0)
    assert re.fullmatch(r"grocery.*….*cheese", shown)
    assert len(shown) < 20


def test_names():
    """A report lies under its release's name; the newest has a copy."""
    assert page_name("20260531T020000") == "reports/20260531T020000.html"
    assert LATEST == "reports/latest.html"
