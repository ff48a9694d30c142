"""GET /media/...: the drawn picture of a category, for stores whose goods have no photographs."""

from collections.abc import Mapping

from vitrine.api.http import Answer, Event, text_answer
from vitrine.api.routes import Routes
from vitrine.catalog.pictures import MEDIA, draw_picture

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A picture is a pure function of its path: browsers and CDNs may keep it for ever."""


def picture(event: Event, _: Mapping[str, str]) -> Answer:
    """Draw the picture that the path names."""
    return text_answer(draw_picture(event["rawPath"]).decode(), "image/svg+xml", KEPT)


routes = Routes({("GET", f"{MEDIA}{{proxy+}}"): picture})


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)
