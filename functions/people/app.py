"""For the shop's backend: PUT, GET and DELETE /v1/people/{person}. An authorizer stands before all of them."""

import os
from collections.abc import Mapping
from functools import cache
from urllib.parse import unquote

from vitrine.api.errors import not_found
from vitrine.api.http import Answer, Event, json_answer, read_body
from vitrine.api.people import PersonBody, forgotten_body, person_body, person_id, put_body
from vitrine.api.routes import Routes
from vitrine.service.people import PeopleService
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.people import build_people_service


@cache
def service() -> PeopleService:
    """The wired service, built once per execution environment."""
    return build_people_service(Settings.from_env(os.environ))


def put(event: Event, path: Mapping[str, str]) -> Answer:
    """Merge what the shop says of a person into what is known."""
    id_ = person_id(unquote(path["person"]))
    told = PersonBody.from_body(read_body(event)).to_domain(service().visitor_of)
    return json_answer(put_body(service().put(id_, told)))


def show(_: Event, path: Mapping[str, str]) -> Answer:
    """What is known of a person."""
    found = service().find(person_id(unquote(path["person"])))
    return not_found() if found is None else json_answer(person_body(*found))


def forget(_: Event, path: Mapping[str, str]) -> Answer:
    """Delete what is kept of a person; deleting nobody is no error."""
    return json_answer(forgotten_body(service().forget(person_id(unquote(path["person"])))))


routes = Routes(
    {
        ("PUT", "/v1/people/{person}"): put,
        ("GET", "/v1/people/{person}"): show,
        ("DELETE", "/v1/people/{person}"): forget,
    }
)


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)


at_init(service, os.environ)
