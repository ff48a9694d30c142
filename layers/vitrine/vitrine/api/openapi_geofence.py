"""What POST /v1/geofence is asked and answers, for the OpenAPI document alone."""

from collections.abc import Mapping
from typing import Any, Final

from vitrine.api.openapi_answers import Answer
from vitrine.service.geofence import Reason


class NoticeAnswer(Answer):
    """A message for the app to show at once."""

    id: str
    """Id of its sending."""
    title: str
    text: str
    url: str
    """What a tap opens."""
    image: str | None


class GeofenceAnswer(Answer):
    """What became of a crossing."""

    accepted: bool
    """Whether it is believed."""
    reason: Reason | None
    """Why nothing comes of it. `capped` belongs to one that is believed, all others to one that is not."""
    fence: str | None
    """Id of the fence that it was judged at, null where none was found."""
    message: NoticeAnswer | None
    """There where the request says that the app `notifies`, and there is something to say now."""


TEXT: Final = (
    "To be sent when the device enters or leaves a fence, or has stayed within. Always 200 for a valid request: a"
    " position that is mocked, old, imprecise or impossible is refused with its `reason`. Without consent to"
    " `personalization`, `geo` and `messages` nothing is read or kept; with it the fence and the instant are kept for a"
    " day, and never coordinates. The person gets one message, shown by the app or sent to them, however often the"
    " crossing is sent. An answer of 503 may be asked for again with the same `id`."
)

FIELDS: Final[Mapping[str, str]] = {
    "visitor": "The visitor's token from an earlier answer.",
    "id": "Id of the crossing, made by the app.",
    "action": "A `dwell` needs an `enter` before it, at least as long ago as the fence asks for.",
    "at_ms": "When it was found, in milliseconds since the Unix epoch; at most a minute ahead, 10 minutes back.",
    "lat": "Degrees north.",
    "lon": "Degrees east.",
    "accuracy_m": "Metres around it within which the device is, as the device says; at most the fence's radius.",
    "fence": "Id of the fence, at most 64 bytes. Without it the one that the position is in, or was in before.",
    "speed": "Metres per second, as the device says.",
    "mocked": "The device says that another app has made the position up.",
    "notifies": "The app can show a message at once; else it is sent by push.",
    "consent": "What the visitor agreed to. All three purposes are needed.",
}

REQUEST: Final[dict[str, Any]] = {
    "id": "7f1c2a90-3",
    "action": "enter",
    "at_ms": 1795348795000,
    "lat": 39.11,
    "lon": -84.51,
    "accuracy_m": 18.5,
    "fence": "cincinnati",
    "notifies": True,
    "consent": ["personalization", "geo", "messages"],
}
ANSWER: Final[dict[str, Any]] = {
    "accepted": True,
    "reason": None,
    "fence": "cincinnati",
    "message": {
        "id": "6d0f4c1a9b7e42538c11d2e3f4a5b6c7",
        "title": "Come in: your favourites cost less today",
        "text": "Whole milk 1 l for $2.99 at Cincinnati Riverside, open until 22:00.",
        "url": "https://shop.example/shop/p/1029743",
        "image": None,
    },
}
