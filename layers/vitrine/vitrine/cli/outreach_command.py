"""`vitrine outreach`: who is due, what would be sent, why somebody got what they got, and the switches."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from vitrine.cli.outreach_lines import due_facts, due_lines, read_arrears
from vitrine.cli.outreach_preview import preview
from vitrine.cli.outreach_story import rehearsal_facts, rehearsal_lines, why_lines
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import DamagedRow, InvalidRequest, InvalidSource
from vitrine.outreach.channels import CHANNELS
from vitrine.outreach.person import PERSON_ID, PersonId
from vitrine.service.letters import Fated, Wish, redrive
from vitrine.service.rehearsal import Rehearsal, rehearse
from vitrine.service.switches import ALL, switch
from vitrine.wiring.outreach_desk import OutreachDesk, build_outreach_desk

NO_LETTERS: Final = "No dead letters are left; those that were looked at a moment ago come back within a minute."
PREVIEWS: Final = Path("build", "previews")
SAYS: Final = {
    "due": "how many people are due, since when, and what the next hour brings",
    "dry-run": "what would be sent to people, word for word, or why nothing; changes nothing",
    "why": "everything that was sent to a person, and what competes for them now, with the reasons",
    "redrive": "put dead letters back to work, or drop them",
    "stop": "send no more of a message, by a channel, or at all",
    "start": "take a stop back",
    "preview": "write a message as a person would get it to files",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    parsers = {name: actions.add_parser(name, help=text, description=text) for name, text in SAYS.items()}
    for name in ("due", "dry-run", "why"):
        parsers[name].add_argument("--json", action="store_true", help="print JSON for machines")
    parsers["dry-run"].add_argument("people", nargs="*", metavar="PERSON")
    parsers["dry-run"].add_argument("--all-due", action="store_true", help="everybody who is due")
    told = "as it would be then if nothing happens before, such as 2026-05-01T08:00+02:00 (default: now)"
    parsers["dry-run"].add_argument("--at", type=instant, metavar="ISO", help=told)
    parsers["why"].add_argument("person", metavar="PERSON")
    for name in ("stop", "start"):
        parsers[name].add_argument(
            "name", metavar="NAME", help=f"a message, a channel ({', '.join(CHANNELS)}) or {ALL}"
        )
    _configure_redrive(parsers["redrive"])
    _configure_preview(parsers["preview"])
    add_target(parser, *parsers.values())


def _configure_redrive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--person", metavar="PERSON", help="letters of this person only")
    parser.add_argument("--list", action="store_true", help="only show them")
    parser.add_argument("--drop", action="store_true", help="take the letters out; what they are about is not done")
    told = "send again what may have arrived: the person may get it twice"
    parser.add_argument("--again", action="store_true", help=told)


def _configure_preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", metavar="MESSAGE", help="name of a message of store/messages/")
    parser.add_argument("--person", required=True, metavar="PERSON", help="who gets it")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="which letter of it (default %(default)s)")
    parser.add_argument("--channel", choices=CHANNELS, help="(default: the step's first)")
    parser.add_argument("--out", type=Path, default=PREVIEWS, metavar="DIR", help="(default %(default)s)")
    parser.add_argument("--open", action="store_true", help="show it in the browser")


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0, or 1 when letters are left that need a decision, or somebody's rows are damaged."""
    return act(build_outreach_desk(find_settings(arguments)), arguments)


def act(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    """The chosen action at a desk; the exit code.

    Raises:
        InvalidSource: an argument names nothing that there is; the message says what there is.
        DependencyFailed: something does not answer.
    """
    try:
        return ACTIONS[arguments.action](desk, arguments)
    except InvalidRequest as error:
        raise InvalidSource(error.message) from error


def instant(text: str) -> datetime:
    """An instant as ISO 8601; without a zone it is UTC.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("write an instant such as 2026-05-01T08:00+02:00") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _due(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    arrears = read_arrears(desk.agenda, desk.now_ms)
    if arguments.json:
        print(orjson.dumps(due_facts(arrears)).decode())
    else:
        print("\n".join(due_lines(arrears)))
    return 0


def _dry_run(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    people = [checked(person) for person in arguments.people]
    if arguments.all_due:
        people += [person for person, _ in read_arrears(desk.agenda, desk.now_ms).late]
    if not people:
        print("Nobody is due." if arguments.all_due else "Name people, or say --all-due.")
        return 0 if arguments.all_due else 2
    n_damaged = 0
    for person in dict.fromkeys(people):
        try:
            _tell(rehearse(desk.service, person, arguments.at), arguments)
        except DamagedRow as error:
            n_damaged += 1
            print(f"Person {person}: cannot be read ({error.reason})\n")
    return 1 if n_damaged else 0


def _tell(rehearsal: Rehearsal, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(orjson.dumps(rehearsal_facts(rehearsal)).decode())
    else:
        print("\n".join([*rehearsal_lines(rehearsal), ""]))


def _why(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    rehearsal = rehearse(desk.service, checked(arguments.person))
    if rehearsal.known.person_rev is None and rehearsal.known.stored.rev is None:
        raise InvalidSource(f"nothing is known of {arguments.person}; tell who it is: vitrine people put")
    if arguments.json:
        print(orjson.dumps(rehearsal_facts(rehearsal)).decode())
    else:
        print("\n".join(why_lines(rehearsal)))
    return 0


def _redrive(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    if arguments.drop and (arguments.again or arguments.list):
        raise InvalidSource("--drop takes letters out; it goes with neither --again nor --list")
    person = None if arguments.person is None else checked(arguments.person)
    wish = Wish(person, arguments.drop, arguments.again, arguments.list)
    left = []
    for n, fated in enumerate(redrive(desk.table, desk.dead_letters, wish, desk.now_ms), 1):
        print("\n".join(letter_lines(n, fated)))
        left += [fated] * (fated.fate == "kept")
    if not left:
        print(NO_LETTERS)
    return 1 if left and not arguments.list else 0


def letter_lines(n: int, fated: Fated) -> Iterator[str]:
    """A dead letter and what became of it."""
    letter = fated.letter
    about = " ".join(part for part in (letter.message, letter.channel and f"by {letter.channel}") if part)
    who = "no person" if letter.person is None else f"person {letter.person}"
    yield f"{n}. {who}{f', {about}' if about else ''}{f': {letter.reason}' if letter.reason else ''}"
    yield f"   {fated.fate}: {fated.words}"


def _switch(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    off = switch(desk.table, arguments.name, desk.messages(), stop=arguments.action == "stop")
    print(f"Switched off by hand: {', '.join(sorted(off)) or 'nothing'}")
    return 0


def _preview(desk: OutreachDesk, arguments: argparse.Namespace) -> int:
    checked(arguments.person)
    print("\n".join(preview(desk.service, arguments)))
    return 0


def checked(person: str) -> PersonId:
    """The person's id.

    Raises:
        InvalidSource: no person has such an id.
    """
    if PERSON_ID.fullmatch(person) is None:
        told = "up to 64 letters, digits, _ and -, or v:VISITOR for a visitor without a login"
        raise InvalidSource(f"{person[:80]!r} is no id of a person: {told}")
    return person


ACTIONS: Final = {
    "due": _due,
    "dry-run": _dry_run,
    "why": _why,
    "redrive": _redrive,
    "stop": _switch,
    "start": _switch,
    "preview": _preview,
}
