"""`vitrine feed`: take the catalogue's feed now, look at what is in quarantine, or let it in."""

import argparse
from pathlib import Path

from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import InvalidStore
from vitrine.ports import Progress
from vitrine.refresh.feed_account import Account
from vitrine.refresh.feed_lake import FeedLake
from vitrine.refresh.feeds import FeedDesk
from vitrine.wiring.feeds import build_feed_desk


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine feed`."""
    add_target(parser)
    told = "folder with feeds.yaml (default: the deployed one)"
    parser.add_argument("--store", type=Path, metavar="FOLDER", help=told)
    parser.add_argument("--lake", type=Path, metavar="DIR", help="the catalogue of this lake folder, not the bucket's")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--file", type=Path, metavar="FILE", help="take this file instead of what feeds.yaml names")
    ways.add_argument("--accept", metavar="NAME", help="take a feed out of quarantine although gates refused it")
    ways.add_argument("--quarantine", action="store_true", help="list the feeds in quarantine")


def run(arguments: argparse.Namespace) -> int:
    """Do it and say what came of it; 0, or 1 when the feed went into quarantine."""
    desk = build_feed_desk(find_settings(arguments), arguments.store, arguments.lake)
    if desk is None:
        raise InvalidStore("the store has no feeds.yaml; store/FEEDS.md says what stands in one")
    if arguments.quarantine:
        for name in FeedLake(desk.lake, Path()).quarantined():
            print(name)
        return 0
    with show_progress() as progress:
        account = _taken(desk, arguments, progress)
    print("\n".join(account_lines(account)))
    return 1 if account.outcome == "quarantined" else 0


def account_lines(account: Account) -> list[str]:
    """What became of a feed, for a terminal: the summary, gates that refused, items held back, the first faults."""
    facts = account.facts or {}
    found = [account.summary]
    found += [
        f"  held back: item {item}: {why}, {before} before and {price} now (line {line})"
        for item, why, before, price, line in facts.get("held_examples", ())
    ]
    found += [f"  not taken: {fault}" for fault in facts.get("first_faults", ())]
    if facts.get("ignored"):
        found.append(f"  fields that are not looked at: {', '.join(facts['ignored'])}")
    if account.outcome == "quarantined":
        found.append(f"  if it is right all the same: vitrine feed --accept {account.id}")
    return found


def _taken(desk: FeedDesk, arguments: argparse.Namespace, progress: Progress) -> Account:
    if arguments.accept:
        return desk.accept(arguments.accept, progress)
    return desk.take_file(arguments.file, progress) if arguments.file else desk.take(progress)
