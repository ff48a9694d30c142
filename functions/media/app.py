"""GET /media/...: the drawn picture of a category, for stores whose goods have no photographs."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.api.errors import answer_errors
from vitrine.catalog.pictures import MEDIA, draw_picture

KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A picture is a pure function of its path: browsers and CDNs may keep it for ever."""

app = APIGatewayHttpResolver()
answer_errors(app)


@app.get(f"{MEDIA}.+")
def picture() -> Response[str]:
    """Draw the picture that the path names."""
    svg = draw_picture(app.current_event.path)
    return Response(status_code=200, content_type="image/svg+xml", body=svg.decode(), headers=dict(KEPT))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point."""
    return app.resolve(event, context)
