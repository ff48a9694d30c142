"""The routes of the HTTP API as callers see them. A test holds them against template.yaml."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from vitrine.api.decide import DecideBody
from vitrine.api.events import EventsBody
from vitrine.api.explain import ExplainBody
from vitrine.api.geofence import GeofenceBody
from vitrine.api.openapi_answers import Answer, DecideAnswer, EventsAnswer
from vitrine.api.openapi_geofence import TEXT as GEOFENCE
from vitrine.api.openapi_geofence import GeofenceAnswer
from vitrine.api.openapi_operate import ExplainAnswer, RecordAnswer, ReplayAnswer
from vitrine.api.openapi_people import ForgottenAnswer, PersonAnswer, ToldAnswer
from vitrine.api.people import PersonBody
from vitrine.api.wire import Wire
from vitrine.values import dataclass

TAGS: Final[Mapping[str, str]] = {
    "messages": "Links in messages. The token in the path, signed for one person and message, is all that they need.",
    "storefront": "Called by the shop's pages and apps. Open to everybody; who a visitor is, their token says.",
    "operators": "Called by who runs the shop, with AWS credentials that may invoke the API.",
}
BODY: Final = (400, 401, 413)
"""How a request with a body and a visitor's token may fail."""

Form: TypeAlias = Literal["json", "drawing", "page", "redirect", "picture"]
"""What a route answers: JSON; an SVG; a page for people, as are its errors; the way to a page; the way to a picture."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `errors` are statuses of our own beside 500; `answer` None belongs to other forms than JSON."""

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
    form: Form = "json"

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

PERSON: Final = Parameter(
    "person",
    "The shop's own id of a person, or `v:` and the id of a visitor.",
    {"type": "string", "pattern": "^(v:)?[A-Za-z0-9_-]{1,64}$", "examples": ["customer-1929"]},
)
_SIGNED: Final = {"type": "string", "minLength": 1, "maxLength": 300, "pattern": r"^v1\.[A-Za-z0-9_.:-]+$"}
LEAVING: Final = Parameter("token", "Signed for a person, a channel and a message.", _SIGNED)
OPENING: Final = Parameter("token", "Signed for a person and a message.", _SIGNED)
PLACE: Final = Parameter(
    "place", "Place of the good in the message, 0 is the first.", {"type": "integer", "minimum": 0, "maximum": 99}
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
        "geofence",
        "POST",
        "/v1/geofence",
        "storefront",
        "A device has crossed a fence",
        GEOFENCE,
        GeofenceAnswer,
        (*BODY, 503),
        GeofenceBody,
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
        form="drawing",
    ),
    Route(
        "tell",
        "PUT",
        "/v1/people/{person}",
        "operators",
        "How a person is reached, as the shop's backend knows it",
        "Merged into what is known: what is left out stays, and telling it again changes nothing. To be called at each"
        " login, with the tokens of the person's visitors; `v:<visitor>` is somebody who never logged in.",
        ToldAnswer,
        (*BODY, 503),
        PersonBody,
        parameters=(PERSON,),
    ),
    Route(
        "person",
        "GET",
        "/v1/people/{person}",
        "operators",
        "What is known of a person",
        "Addresses, what they allowed, what was sent and what is awaited; of a browser its push service alone.",
        PersonAnswer,
        (400, 404, 503),
        parameters=(PERSON,),
    ),
    Route(
        "forget",
        "DELETE",
        "/v1/people/{person}",
        "operators",
        "Erase a person",
        "Addresses, messages and whose the visitors are; the visitors' own profiles stay. Erasing nobody is no error.",
        ForgottenAnswer,
        (400, 503),
        parameters=(PERSON,),
    ),
    Route(
        "ask_to_leave",
        "GET",
        "/v1/unsubscribe/{token}",
        "messages",
        "A page that asks whether to unsubscribe",
        "Changes nothing, because programs that scan mail follow every link.",
        None,
        (401, 503),
        parameters=(LEAVING,),
        form="page",
    ),
    Route(
        "leave",
        "POST",
        "/v1/unsubscribe/{token}",
        "messages",
        "Unsubscribe from the channel of the message",
        "One click as of RFC 8058: without cookies, whatever the body is. Again it changes nothing.",
        None,
        (401, 503),
        parameters=(LEAVING,),
        form="page",
    ),
    Route(
        "message",
        "GET",
        "/v1/message/{token}",
        "messages",
        "The message in the browser",
        "As it was sent, for 90 days.",
        None,
        (401, 404, 503),
        parameters=(OPENING,),
        form="page",
    ),
    Route(
        "go",
        "GET",
        "/v1/go/{token}/{place}",
        "messages",
        "To the page of a good in a message",
        "Of what the place shows now: another good of the message's list where it is sold out, and the shop's front"
        " page where nothing is left. Only ever to the shop.",
        None,
        (401, 404, 503),
        parameters=(OPENING, PLACE),
        form="redirect",
    ),
    Route(
        "open",
        "GET",
        "/v1/open/{token}/{place}",
        "messages",
        "To the picture of a good in a message",
        "Of what the place shows now, as `/v1/go`; a transparent pixel where nothing is left.",
        None,
        (401, 404, 503),
        parameters=(OPENING, PLACE),
        form="picture",
    ),
)
