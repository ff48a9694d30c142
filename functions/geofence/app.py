"""POST /v1/geofence, and Amazon Location's geofence events: somebody crossed a fence."""

import os
from collections.abc import Mapping
from functools import cache

from vitrine.api.geofence import GeofenceBody, answer_body, count, is_location_event, read_location_event
from vitrine.api.http import Answer, Event, json_answer, read_body
from vitrine.api.routes import Routes
from vitrine.service.geofence import GeofenceService
from vitrine.settings import Settings
from vitrine.wiring.geofence import build_geofence_service
from vitrine.wiring.init import at_init


@cache
def service() -> GeofenceService:
    """The wired service, built once per execution environment."""
    return build_geofence_service(Settings.from_env(os.environ))


def cross(event: Event, _: Mapping[str, str]) -> Answer:
    """Check the request, know the visitor by their token, judge the crossing."""
    request = GeofenceBody.from_body(read_body(event))
    visitor = service().visitor_of(request.visitor)
    now = service().clock()
    outcome = service().cross(request.to_domain(), visitor, request.consent, request.notifies, now)
    count(outcome, now.timestamp())
    return json_answer(answer_body(outcome))


def locate(event: Event) -> None:
    """The same for an event of Amazon Location. What fails is raised: Lambda tries again, then it is a dead letter."""
    located = read_location_event(event)
    now = service().clock()
    count(service().cross_unasked(located.crossing, located.visitor, now), now.timestamp())


routes = Routes({("POST", "/v1/geofence"): cross})


def handler(event: Event, context: object) -> Answer | None:
    """AWS's entry point."""
    if is_location_event(event):
        locate(event)
        return None
    return routes.answer(event)


at_init(service, os.environ)
