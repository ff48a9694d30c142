"""`vitrine replay`: make recorded decisions again and say whether the answers are the same, byte for byte."""

import argparse
from collections.abc import Iterable, Iterator

from vitrine.cli.progress import show_progress
from vitrine.cli.target import add_target, find_settings
from vitrine.service.replay import Replay, Replayed
from vitrine.wiring.operate import build_replay

STAGE = "replay decisions"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("decisions", nargs="*", default=[], metavar="DECISION", help="ids from answers")
    which.add_argument("--recent", type=positive, metavar="N", help="instead the last N decisions on record")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Replay, print what came out; 0 when every answer is the same, 1 otherwise."""
    replay = build_replay(find_settings(arguments))
    if arguments.recent:
        return report(recent(replay, arguments.recent), tell_same=False)
    return report(map(replay.replay, arguments.decisions), tell_same=True)


def recent(replay: Replay, n: int) -> Iterator[Replayed]:
    """The last n decisions, one after the other, with a bar."""
    with show_progress() as progress:
        done = 0
        for done, replayed in enumerate(replay.replay_recent(n), 1):
            progress(STAGE, done, n)
            yield replayed
        progress(STAGE, done, done)


def report(outcomes: Iterable[Replayed], *, tell_same: bool) -> int:
    """Print decisions, those that are the same only if asked to, then the totals; the exit code."""
    n = n_same = n_gone = 0
    for replayed in outcomes:
        n, n_same, n_gone = n + 1, n_same + replayed.identical, n_gone + bool(replayed.gone)
        if tell_same or not replayed.identical:
            print("\n".join(lines(replayed)))
    if n != 1 or not tell_same:
        print(f"{n} replayed: {n_same} identical, {n - n_same} different, {n_gone} with inputs that are gone")
    return 0 if n == n_same else 1


def lines(replayed: Replayed) -> Iterator[str]:
    """What came out of one replay."""
    yield f"{replayed.decision}  {'identical' if replayed.identical else 'different'}"
    yield from (f"  gone: {what}" for what in replayed.gone)
    yield from (f"  differs: {what}" for what in replayed.differs)


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
