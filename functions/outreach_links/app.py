"""Links in messages: /v1/unsubscribe, /v1/open, /v1/go and /v1/message, each with a signed token in its path."""

import os
from collections.abc import Mapping
from functools import cache

from vitrine.api.http import Answer, Event, read_headers
from vitrine.api.links import as_page, ask_leaving, left, message_page, picture, redirect
from vitrine.api.routes import Routes
from vitrine.service.links import LinksService
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.links import build_links_service


@cache
def service() -> LinksService:
    """The wired service, built once per execution environment."""
    return build_links_service(Settings.from_env(os.environ))


def unsubscribe(event: Event, path: Mapping[str, str]) -> Answer:
    """POST leaves, by button or one click (RFC 8058); GET shows the button, for scanners of mail follow every link."""
    if event["requestContext"]["http"]["method"] == "POST":
        return left(service().leave(path["token"]), read_headers(event))
    return ask_leaving(service().leaving(path["token"]), read_headers(event))


def show(_: Event, path: Mapping[str, str]) -> Answer:
    """The picture of what a place of the message shows now."""
    return picture(service().picture(path["token"], path["place"]))


def go(_: Event, path: Mapping[str, str]) -> Answer:
    """The page of what a place of the message shows now."""
    return redirect(service().page(path["token"], path["place"]))


def read(_: Event, path: Mapping[str, str]) -> Answer:
    """The message in the browser."""
    return message_page(service().words(path["token"]))


routes = Routes(
    {
        ("GET", "/v1/unsubscribe/{token}"): as_page(unsubscribe),
        ("POST", "/v1/unsubscribe/{token}"): as_page(unsubscribe),
        ("GET", "/v1/open/{token}/{place}"): show,
        ("GET", "/v1/go/{token}/{place}"): as_page(go),
        ("GET", "/v1/message/{token}"): as_page(read),
    }
)


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)


at_init(service, os.environ)
