"""`vitrine releases`: the releases in the bucket, newest first."""

import argparse
from datetime import UTC, datetime

from vitrine.cli.target import add_target, find_settings
from vitrine.refresh.release import Summary, list_releases
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per release; 0."""
    for summary in list_releases(*open_releases(find_settings(arguments))):
        print(line(summary))
    return 0


def line(summary: Summary) -> str:
    """Id, state, when it was built, rows and ranker."""
    if summary.built_at_ms is None:
        return f"{summary.release}  {summary.state:<11}  never finished"
    built = datetime.fromtimestamp(summary.built_at_ms / 1000, UTC)
    model = summary.model or "a ranker that this code cannot read"
    return f"{summary.release}  {summary.state:<11}  {built:%Y-%m-%d %H:%M} UTC  {summary.rows:>9,} rows  {model}"
