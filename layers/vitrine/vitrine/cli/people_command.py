"""`vitrine people`: say how a person is reached, look at what is known of one, or delete it."""

import argparse
from typing import Any, Final

import orjson

from vitrine.api.people import PersonBody, person_body, person_id
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import InvalidField, InvalidRequest, InvalidSource
from vitrine.outreach.channels import CHANNELS
from vitrine.outreach.telling import Told
from vitrine.service.people import PeopleService
from vitrine.types import VisitorId
from vitrine.visitors.identity import NAME
from vitrine.wiring.people import open_people

ADDRESSES: Final = {
    "mail": "a mail address",
    "sms": "a telephone number in E.164, such as +4930123456",
    "push": "the ARN of an SNS endpoint",
    "web_push": "a web push subscription as JSON",
    "webhook": "what the webhook knows the person by",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `vitrine people`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    told = {"put": "merge what is told into a person", "show": "print what is known", "forget": "delete what is known"}
    parsers = {name: actions.add_parser(name, help=text, description=text) for name, text in told.items()}
    for one in parsers.values():
        one.add_argument("person", help="the shop's id of the person, or v:VISITOR for a visitor without a login")
    for channel, text in ADDRESSES.items():
        parsers["put"].add_argument(f"--{channel.replace('_', '-')}", metavar="AT", help=f"{text}, which may be used")
    _configure_rest(parsers["put"])
    add_target(parser, *parsers.values())


def _configure_rest(parser: argparse.ArgumentParser) -> None:
    told = "a visitor of theirs: the token, or the id (h1 is household 1 of the demo)"
    parser.add_argument("--visitor", action="append", default=[], metavar="TOKEN", help=f"{told}; may be repeated")
    for option, text in (("allow", "may be used"), ("forget", "must be forgotten: address and agreement")):
        parser.add_argument(f"--{option}", action="append", default=[], choices=CHANNELS, help=f"a channel that {text}")
    parser.add_argument("--zone", help="IANA time zone, such as Europe/Berlin")
    parser.add_argument("--locale", help="language of messages, such as en or ru")
    parser.add_argument("--name", help="how messages call the person")


def run(arguments: argparse.Namespace) -> int:
    """Do it and print the outcome; 0."""
    service = open_people(find_settings(arguments))
    try:
        id_ = person_id(arguments.person)
        match arguments.action:
            case "put":
                print(_shown(service, service.put(id_, told(arguments, service)).id))
            case "show":
                print(_shown(service, id_))
            case "forget":
                print(f"{service.forget(id_)} rows deleted")
    except InvalidRequest as error:
        raise InvalidSource(f"{error.field}: {error.message}" if error.field else error.message) from error
    return 0


def told(arguments: argparse.Namespace, service: PeopleService) -> Told:
    """What the options say, checked as a request's body is.

    Raises:
        InvalidRequest: one of its kinds.
    """
    given = {channel: getattr(arguments, channel) for channel in ADDRESSES if getattr(arguments, channel) is not None}
    body: dict[str, Any] = {
        "visitors": arguments.visitor,
        "addresses": {**given, **({"web_push": _json(given["web_push"])} if "web_push" in given else {})},
        "allowed": sorted({*arguments.allow, *given}),
        "forget": arguments.forget,
        **{name: getattr(arguments, name) for name in ("zone", "locale", "name") if getattr(arguments, name)},
    }
    return PersonBody.checked(body).to_domain(lambda text: _visitor(text, service))


def _visitor(text: str, service: PeopleService) -> VisitorId:
    """The visitor of a token; an id stands for itself, for who may write to the table needs no proof."""
    return text if NAME.fullmatch(text) else service.visitor_of(text)


def _json(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidField("should be JSON", "addresses.web_push") from error


def _shown(service: PeopleService, id_: str) -> str:
    found = service.find(id_)
    if found is None:
        raise InvalidSource(f"nothing is known of {id_}")
    return orjson.dumps(orjson.loads(person_body(*found)), option=orjson.OPT_INDENT_2).decode()
