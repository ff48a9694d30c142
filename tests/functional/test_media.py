"""GET /media/... through the real handler."""

from xml.etree import ElementTree

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from vitrine.catalog.pictures import draw_picture


def test_the_recorded_event_gets_the_picture() -> None:
    """An SVG that any cache may keep, drawn from the path alone."""
    event = recorded_event("media")
    answer = load_handler("media").handler(event, CONTEXT)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "image/svg+xml"
    assert "immutable" in answer["headers"]["Cache-Control"]
    assert answer["body"].encode() == draw_picture(event["rawPath"])
    ElementTree.fromstring(answer["body"])


def test_other_paths_are_refused() -> None:
    """What is no picture path gets our error, not a picture and not a fault."""
    event = recorded_event("media") | {"rawPath": "/media/x.png"}
    event["requestContext"] = {**event["requestContext"], "http": {"method": "GET", "path": "/media/x.png"}}
    answer = load_handler("media").handler(event, CONTEXT)
    assert answer["statusCode"] == 400
    assert "error" in answer["body"]
