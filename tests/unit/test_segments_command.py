"""`vitrine segments`: what it prints, the page and the export."""

import argparse
import csv
from datetime import UTC, datetime
from io import StringIO

import orjson
import pytest

from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.unit.shoppers import instant, open_shop, silent, simulate
from vitrine.cli import segments_command
from vitrine.cli.section_lines import section_lines
from vitrine.cli.segments_command import COLUMNS, write_export
from vitrine.decisions.placements import Store
from vitrine.refresh.report import BarFigure, Section, TableFigure
from vitrine.refresh.visitor_scores import score_visitors

STORE = Store("Test", "USD", ("en",), ("north",), "north", {})


def arguments(lake, *more):
    """Parsed arguments of the command."""

    parser = argparse.ArgumentParser()
    segments_command.configure(parser)
    return parser.parse_args([str(lake), *map(str, more)])


@pytest.fixture
def lake(tmp_path):
    """A lake of 30 visitors who come every ten days."""
    goods = [Good("a"), Good("b", "dairy/milk/whole")]
    sales = [Sale(f"h{n}", f"{n}-{day}", day + n / 50, "ab"[n % 2]) for n in range(30) for day in range(0, 100, 10)]
    return write_lake(tmp_path / "lake", goods, sales)


def test_the_command_prints_figures_and_writes_both_files(lake, tmp_path, capsys):
    """Verdicts and tables, last one JSON object; a page and a row for each visitor."""
    page, export = tmp_path / "r.html", tmp_path / "v.csv"
    assert segments_command.run(arguments(lake, "--report", page, "--export", export)) == 0
    told = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Segments: 30 visitors") for line in told)
    assert orjson.loads(told[-1])["visitors"] == 30
    assert "<h" in page.read_text()
    rows = list(csv.DictReader(StringIO(export.read_text())))
    assert [tuple(rows[0]), len(rows)] == [COLUMNS, 30]
    assert rows[0]["persona"] == "everyone"


def test_dates_that_came_true_are_told_on_request(lake, capsys):
    """The section comes after the others, and only when it is asked for: it builds the lists of back then."""
    assert segments_command.run(arguments(lake)) == 0
    assert "Next-purchase dates" not in capsys.readouterr().out
    assert segments_command.run(arguments(lake, "--due-dates")) == 0
    assert "Next-purchase dates" in capsys.readouterr().out


def test_an_export_is_harmless_in_a_spreadsheet(tmp_path):
    """Ids come from outside: one that begins like a formula is quoted; what is unknown is empty."""
    lines = simulate(40, 60)
    lines[0] = type(lines[0])("=cmd|'/c calc'!A1", 1.0)
    with open_shop(lines) as engine:
        scores = score_visitors(engine, STORE, instant(60.0), datetime(2017, 3, 1, tzinfo=UTC), silent)
    write_export(scores, tmp_path / "v.csv")
    rows = {row["visitor"]: row for row in csv.DictReader(StringIO((tmp_path / "v.csv").read_text()))}
    assert rows["'=cmd|'/c calc'!A1"]["p_churn"] == ""
    assert rows["nobody"]["segment"] == rows["nobody"]["persona"] == ""


def test_sections_are_told_as_text():
    """A dash for what is not known, short numbers, charts left out."""
    table = TableFigure("Caption", ["a", "bb"], [["x", None], ["y", 0.123456], ["z", 12_345.6], ["w", 7_000]])
    section = Section("Title", "Verdict.", [BarFigure("Bars", ["x"], {"s": [1.0]}), table])
    assert list(section_lines([section])) == [
        "Title: Verdict.",
        "  Caption",
        "    a  bb",
        "    x  -",
        "    y  0.1235",
        "    z  12,346",
        "    w  7,000",
    ]
