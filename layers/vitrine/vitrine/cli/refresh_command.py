"""`vitrine refresh`: what the scheduled functions do, on the running demo or the stack that the environment names."""

import argparse
from pathlib import Path
from typing import get_args

from vitrine.api.store_folder import compile_store
from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import InvalidSource
from vitrine.refresh.jobs import refresh_cards, refresh_model, refresh_recommendations
from vitrine.refresh.sql_engine import EngineKind
from vitrine.wiring.refresh import build_workshop


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine refresh`."""
    add_target(parser)
    parser.add_argument("--lake", type=Path, metavar="DIR", help="read this lake folder instead of the lake bucket")
    told = "publish the files of this folder with the lists; needed when regions change (default: the published files)"
    parser.add_argument("--store", type=Path, metavar="FOLDER", help=told)
    parser.add_argument("--model", action="store_true", help="train a challenger for the ranker first")
    parser.add_argument("--engine", choices=get_args(EngineKind), default="duckdb", help="what computes the lists")
    told = "Spark on machines of its own reads the lake here itself, such as s3://LAKE"
    parser.add_argument("--address", default="", metavar="URL", help=told)
    told = "and keeps its tables here, such as s3://LAKE/spark/tables"
    parser.add_argument("--tables", default="", metavar="URL", help=told)
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report's page here as well")
    told = "publish even where there is less than half of what the release before has of a kind of list"
    parser.add_argument("--accept-less", action="store_true", help=told)
    parser.add_argument("--cards", action="store_true", help="write the cards of all items first, changed or not")


def run(arguments: argparse.Namespace) -> int:
    """Do it and say what came of it; 0."""
    if bool(arguments.address) != bool(arguments.tables) or (arguments.address and arguments.engine != "spark"):
        raise InvalidSource("--address and --tables go together, with --engine spark")
    workshop = build_workshop(find_settings(arguments), arguments.engine, arguments.address, arguments.tables)
    store = None if arguments.store is None else compile_store(arguments.store)
    with show_progress() as progress:
        if arguments.cards:
            print(f"{refresh_cards(workshop, progress, arguments.lake, store):,} cards written")
        if arguments.model:
            print(refresh_model(workshop, progress, arguments.lake, store).summary)
        published = refresh_recommendations(
            workshop, progress, arguments.lake, store, accepts_less=arguments.accept_less
        )
    if arguments.report is not None:
        arguments.report.write_text(published.report, encoding="utf-8")
    print(published.summary)
    return 0
