"""The routes of the HTTP API as callers see them. A test holds them against template.yaml."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vitrine.api.decide import DecideBody
from vitrine.api.events import EventsBody
from vitrine.api.explain import ExplainBody
from vitrine.api.openapi_answers import Answer, DecideAnswer, EventsAnswer
from vitrine.api.openapi_operate import ExplainAnswer, RecordAnswer, ReplayAnswer
from vitrine.api.wire import Wire
from vitrine.values import dataclass

TAGS: Final[Mapping[str, str]] = {
    "storefront": "Called by the shop's pages and apps. Open to everybody; who a visitor is, their token says.",
    "operators": "Called by who runs the shop, with AWS credentials that may invoke the API.",
}
BODY: Final = (400, 401, 413)
"""How a request with a body and a visitor's token may fail."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `errors` are statuses of our own beside 500; `answer` None is a picture."""

    name: str
    method: str
    path: str
    tag: str
    summary: str
    text: str
    answer: type[Answer] | None
    errors: Sequence[int]
    body: type[Wire] | None = None
    parameters: Sequence[Parameter] = ()

    @property
    def for_operators(self) -> bool:
        """Whether an authorizer stands before it."""
        return self.tag == "operators"


DECISION: Final = Parameter(
    "decision",
    "Id of a decision, as its answer named it.",
    {"type": "string", "pattern": "^[0-7][0-9a-hjkmnp-tv-z]{25}$", "examples": ["01m80mre83gycs2cjnw2872rm8"]},
)
PICTURE: Final = Parameter(
    "proxy+",
    "Path of a category with `.svg` behind it; a card's `image` names it. It may hold slashes.",
    {"type": "string", "maxLength": 204, "pattern": r"^.+\.svg$", "examples": ["drug-gm/baby-foods/baby-food.svg"]},
)

ROUTES: Final = (
    Route(
        "decide",
        "POST",
        "/v1/decide",
        "storefront",
        "What one visitor sees on one page",
        "One call per page view, for all placements of the page. Always 200 for a valid request, within `deadline_ms`:"
        " what a dependency did not give in time is named in `skipped`, what stood in for it in `fallback`.",
        DecideAnswer,
        BODY,
        DecideBody,
    ),
    Route(
        "collect",
        "POST",
        "/v1/events",
        "storefront",
        "What a visitor did",
        "A batch of up to 100 events. Each is checked on its own: a bad one is named in `rejected`, and the others are"
        " taken. Sending a batch again does no harm. Works with `navigator.sendBeacon`.",
        EventsAnswer,
        (*BODY, 503),
        EventsBody,
    ),
    Route(
        "explain",
        "POST",
        "/v1/explain",
        "operators",
        "What a page would be shown, and why",
        "As POST /v1/decide, perhaps under supposed circumstances. Nothing is counted or recorded.",
        ExplainAnswer,
        BODY,
        ExplainBody,
    ),
    Route(
        "decision",
        "GET",
        "/v1/decisions/{decision}",
        "operators",
        "What was recorded of a decision, and why it was made",
        "A record arrives up to five minutes after its answer, and never of a dry run or of a visitor who did not agree"
        " to be recognised.",
        RecordAnswer,
        (400, 404, 422, 503),
        parameters=(DECISION,),
    ),
    Route(
        "replay",
        "GET",
        "/v1/decisions/{decision}/replay",
        "operators",
        "A recorded decision, made again",
        "Byte for byte the same, or it says what is gone or differs.",
        ReplayAnswer,
        (400, 404, 422, 503),
        parameters=(DECISION,),
    ),
    Route(
        "picture",
        "GET",
        "/media/{proxy+}",
        "storefront",
        "The drawn picture of a category",
        "For goods without photographs. A pure function of its path, to be kept for ever.",
        None,
        (400, 404),
        parameters=(PICTURE,),
    ),
)
