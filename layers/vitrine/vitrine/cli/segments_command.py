"""`vitrine segments LAKE`: segments, personas and predictions of a lake folder's visitors, with how good they are."""

import argparse
import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.cli.progress import show_progress
from vitrine.cli.section_lines import section_lines
from vitrine.refresh.due_card import due_section, try_due_dates
from vitrine.refresh.engine import Engine
from vitrine.refresh.history import last_purchase_ms
from vitrine.refresh.lists import Regions
from vitrine.refresh.predictions import QUESTIONS
from vitrine.refresh.report_page import render
from vitrine.refresh.visitor_scores import VisitorScores, score_visitors

COLUMNS: Final = (
    "visitor",
    "segment",
    "rfm",
    "persona",
    *(question.name for question, _ in QUESTIONS),
    "discount_sensitivity",
    "category",
    "own_category",
    "brand",
    "price_band",
)
AFFINITIES: Final[Mapping[str, str]] = {
    "category": "category",
    "own_category": "own",
    "brand": "brand",
    "price_band": "band",
}
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets; ids and names come from outside."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine segments`."""
    parser.add_argument("lake", type=Path, metavar="LAKE", help="lake folder, as vitrine import writes it")
    parser.add_argument("--store", type=Path, default=Path("store"), metavar="DIR", help="folder of the store's files")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the figures as an HTML page, too")
    told = (
        "write a CSV of all visitors for an ad channel or a mailing; a lake knows no consent, so whoever may not be"
        " written to has to be taken out before it is used"
    )
    parser.add_argument(
        "--due-dates", action="store_true", help="also tell how many next-purchase dates of six weeks ago came true"
    )
    parser.add_argument("--export", type=Path, metavar="FILE", help=told)


def run(arguments: argparse.Namespace) -> int:
    """Compute and print; the last line is one JSON object. 0."""
    store = load_store(compile_store(arguments.store))
    with show_progress() as progress, Engine() as engine:
        engine.load_lake(arguments.lake)
        as_of_ms = last_purchase_ms(engine) + 1
        scores = score_visitors(engine, store, as_of_ms, _instant(as_of_ms), progress)
        sections = list(scores.sections)
        if arguments.due_dates:  # last, for it leaves the engine with the lists of back then
            regions = Regions(tuple(store.regions), store.default_region)
            sections.append(due_section(try_due_dates(engine, regions, as_of_ms, progress)))
    if arguments.report is not None:
        page = render("Segments", f"as of {_instant(as_of_ms):%Y-%m-%d}", sections)
        arguments.report.write_text(page, encoding="utf-8")
    if arguments.export is not None:
        write_export(scores, arguments.export)
    print("\n".join(section_lines(sections)))
    print(orjson.dumps(scores.facts).decode())
    return 0


def write_export(scores: VisitorScores, path: Path) -> None:
    """A CSV with COLUMNS, a row per visitor whom the store knows, in the order of their ids."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for visitor in scores.known:
            row = export_row(scores, visitor)
            writer.writerow([_harmless(row.get(column, "")) for column in COLUMNS])


def export_row(scores: VisitorScores, visitor: str) -> dict[str, float | str]:
    """What is known of a visitor, by column; what is unknown is not there."""
    row: dict[str, float | str] = {"visitor": visitor, **scores.of(visitor), "rfm": scores.segments.scores(visitor)}
    persona = scores.personas.get(visitor)
    if persona is not None:
        row["persona"] = persona
    leanings = scores.segments.affinities.get(visitor, {})
    return row | {column: leanings[kind].name for column, kind in AFFINITIES.items() if kind in leanings}


def _harmless(value: float | str) -> float | str:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
