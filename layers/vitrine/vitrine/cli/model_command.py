"""`vitrine model`: the ranker in use, the one on trial, and what an operator may do about them."""

import argparse

from vitrine.cli.target import add_target, find_settings
from vitrine.refresh.model_life import life_lines, read_life
from vitrine.refresh.published import read_pointer
from vitrine.refresh.rollout import BY_HAND, enter_canary, promote, stage_of, turn_down
from vitrine.wiring.model import ModelDesk, build_model_desk


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions; without one it shows."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    showing = actions.add_parser("show", help="champion, challenger, windows of the trial, those turned down (default)")
    watching = actions.add_parser("watch", help="do now what the schedule does: judge the trial and act")
    promoting = actions.add_parser("promote", help="make a ranker of the bucket the champion at once")
    promoting.add_argument("model", metavar="ID")
    promoting.add_argument("--canary", action="store_true", help="only from the shadow into the canary")
    returning = actions.add_parser("rollback", help="end a ranker's trial, or its time as champion, for good")
    returning.add_argument("model", metavar="ID")
    returning.add_argument("--reason", default=BY_HAND, help=f"kept with it (default: {BY_HAND})")
    add_target(parser, showing, watching, promoting, returning)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0, or 1 when it cannot be done."""
    return act(build_model_desk(find_settings(arguments)), arguments)


def act(desk: ModelDesk, arguments: argparse.Namespace) -> int:
    """The chosen action on a stack's table and buckets; the exit code."""
    match arguments.action:
        case "watch":
            print(desk.watch.run().summary)
        case "promote" if arguments.canary:
            return _canary(desk, arguments.model)
        case "promote":
            pointer = promote(desk.table, desk.releases, arguments.model, desk.clock())
            print(f"{arguments.model} is the champion; release {pointer.release} carries it")
        case "rollback":
            turn_down(desk.table, desk.releases, arguments.model, arguments.reason, desk.clock())
            print(f"{arguments.model} is turned down and will not be tried again")
        case _:
            print("\n".join(life_lines(read_life(desk.table, desk.releases, desk.watch.policy))))
    return 0


def _canary(desk: ModelDesk, model: str) -> int:
    pointer = read_pointer(desk.table)
    if pointer is None or pointer.rollout is None or stage_of(pointer, model) != "shadow":
        print(f"{model} is not in the shadow")
        return 1
    enter_canary(desk.table, pointer.rollout, desk.clock(), desk.watch.policy)
    print(f"{model} is in the canary: {desk.watch.policy.canary_share:.0%} of the visitors see its order")
    return 0
