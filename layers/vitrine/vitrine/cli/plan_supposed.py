"""What `vitrine plan` is told to suppose, as an operator's preview does: circumstances and an instant."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import datetime
from typing import Any

import orjson

from vitrine.api.explain import YEARS
from vitrine.decisions.context import Preview
from vitrine.decisions.facts import fault_of


def add_supposed(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    told = (
        "suppose that an attribute has this value, such as weather.temperature_c=33 (JSON, else text; null is not"
        " known), in made-up page views; may be given several times"
    )
    parser.add_argument("--suppose", type=_supposition, action="append", default=[], metavar="PATH=VALUE", help=told)
    told = "suppose that it is this time, such as 2026-12-24T18:00+00:00, in made-up page views"
    parser.add_argument("--at", type=_instant, metavar="TIME", help=told)


def find_supposed(arguments: Namespace) -> Preview:
    """What to suppose, of the last value for each attribute."""
    return Preview(at=arguments.at, attributes=dict(arguments.suppose))


def _supposition(text: str) -> tuple[str, Any]:
    path, separator, value = text.partition("=")
    if not separator:
        raise ArgumentTypeError(f"{text!r}: should be PATH=VALUE, such as weather.temperature_c=33")
    meant = _value(value)
    fault = fault_of(path, meant)
    if fault is not None:
        raise ArgumentTypeError(f"{path}: {fault}")
    return path, meant


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: should be an ISO 8601 instant such as 2026-12-24T18:00+00:00") from error
    if instant.tzinfo is None:
        raise ArgumentTypeError(f"{text!r}: should say its zone, such as Z or +00:00")
    if instant.year not in YEARS:
        raise ArgumentTypeError(f"{text!r}: should be in the years {YEARS[0]} to {YEARS[-1]}")
    return instant
