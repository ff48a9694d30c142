"""`vitrine rerank EVENTS`: train a re-ranker on a log of what was shown and clicked, and say how well it orders."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from vitrine.cli.progress import show_progress
from vitrine.decisions.release import MANIFEST, MODEL
from vitrine.refresh.report_page import render
from vitrine.refresh.rerank_events import open_lines, read_log
from vitrine.refresh.rerank_report import TITLES, rerank_section
from vitrine.refresh.rerank_training import Reranker, train_reranker

PAGE: Final = "report.html"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine rerank`."""
    parser.add_argument("events", type=Path, metavar="EVENTS", help="JSON lines of items, rankings and interactions")
    parser.add_argument("--out", type=Path, metavar="DIR", help=f"folder for {MODEL}, {MANIFEST} and {PAGE}")
    parser.add_argument(
        "--train-lists",
        type=int,
        metavar="N",
        help="so many of the earliest lists with a click train, the others test; default: four fifths",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, write, and print the comparison on the test lists; the last line is one JSON object. 0."""
    with show_progress() as progress:
        with open_lines(arguments.events) as lines:
            log = read_log(lines)
        reranker = train_reranker(log, progress, arguments.train_lists)
    if arguments.out is not None:
        write_reranker(reranker, arguments.out, arguments.events.name)
    print(f"{reranker.n_train:,} lists train, the {reranker.n_test:,} after them test; {log.n_refused:,} lines refused")
    print("\n".join(quality_lines(reranker)))
    print(orjson.dumps({"model": reranker.manifest.id, **reranker.manifest.metrics}).decode())
    return 0


def write_reranker(reranker: Reranker, folder: Path, source: str) -> None:
    """Write the three files of a re-ranker."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(reranker.model)
    (folder / MANIFEST).write_bytes(reranker.manifest.to_bytes())
    page = render("Re-ranker", f"{reranker.manifest.id}, learned from {source}", [rerank_section(reranker)])
    (folder / PAGE).write_text(page, encoding="utf-8")


def quality_lines(reranker: Reranker) -> Iterator[str]:
    """A table of the model and what it is compared with."""
    yield f"{'':<34}{'NDCG':>8}{'NDCG@10':>9}"
    for name, title in TITLES.items():
        quality = reranker.qualities[name]
        yield f"{title:<34}{quality.ndcg:>8.4f}{quality.ndcg10:>9.4f}"
