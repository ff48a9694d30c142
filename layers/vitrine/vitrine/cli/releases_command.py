"""`vitrine releases`: the releases in the bucket, newest first."""

import argparse
from datetime import UTC, datetime

from vitrine.api.store_changes import campaign_count
from vitrine.cli.target import add_target, find_settings
from vitrine.refresh.model_life import trial_words
from vitrine.refresh.release import Summary, list_releases
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per release; 0."""
    for summary in list_releases(*open_releases(find_settings(arguments)), campaign_count):
        print(line(summary))
    return 0


def line(summary: Summary) -> str:
    """Id, state, when it was built, rows and whose they are, campaigns, ranker and the challenger on trial."""
    if summary.built_at_ms is None:
        return f"{summary.release}  {summary.state:<11}  never finished"
    built = datetime.fromtimestamp(summary.built_at_ms / 1000, UTC)
    lists = "lists of its own" if summary.lists == summary.release else f"lists of {summary.lists}"
    campaigns = "store that cannot be read" if summary.campaigns is None else f"{summary.campaigns:>3} campaigns"
    model = summary.model or "a ranker that this code cannot read"
    trial = "" if summary.trial is None else f", on trial {trial_words(summary.trial)}"
    return (
        f"{summary.release}  {summary.state:<11}  {built:%Y-%m-%d %H:%M} UTC  {campaigns}  "
        f"{summary.rows:>9,} rows  {lists:<33}  {model}{trial}"
    )
