"""The request and the answer of POST /v1/geofence; and Amazon Location's events, which say the same in other words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

import orjson

from vitrine.api.emf import emit
from vitrine.api.events import MAX_SAFE_INTEGER
from vitrine.api.fields import Consent, Id, Token
from vitrine.api.strict_json import parse_object
from vitrine.api.wire import Bounds, Letters, Unfit, Wire, check_of
from vitrine.errors import InvalidField
from vitrine.outreach.geofence import Crossing
from vitrine.service.geofence import Outcome
from vitrine.types import VisitorId
from vitrine.visitors.identity import NAME

SERVICE: Final = "geofence"
SOURCE: Final = "aws.geo"
DETAIL: Final = "Location Geofence Event"
"""Amazon Location Service, developer guide, "Reacting to Amazon Location Service events with Amazon EventBridge"."""

MAX_M: Final = 10_000_000
"""Of an accuracy, and of a speed in metres a second: beyond it is no number of a telephone's."""

FenceId = Annotated[Id, Letters(most_bytes=64)]


class GeofenceBody(Wire):
    """The body of POST /v1/geofence: what the app knows of one crossing. Coordinates are in degrees (WGS 84)."""

    visitor: Token
    id: Id
    action: Literal["enter", "exit", "dwell"]
    at_ms: Annotated[int, Bounds(0, MAX_SAFE_INTEGER)]
    lat: Annotated[float, Bounds(-90, 90)]
    lon: Annotated[float, Bounds(-180, 180)]
    accuracy_m: Annotated[float, Bounds(0, MAX_M)]
    fence: FenceId | None = None
    speed: Annotated[float, Bounds(0, MAX_M)] | None = None
    mocked: bool = False
    notifies: bool = False
    consent: Consent = ()

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """The request in these bytes.

        Raises:
            InvalidRequest: one of its kinds, naming what is wrong and where.
        """
        return cls.checked(parse_object(body))

    def to_domain(self) -> Crossing:
        """The crossing as it is judged."""
        return Crossing(
            id=self.id,
            action=self.action,
            at_ms=self.at_ms,
            lat=self.lat,
            lon=self.lon,
            accuracy_m=self.accuracy_m,
            fence=self.fence,
            speed_mps=self.speed,
            mocked=self.mocked,
        )


class Located(NamedTuple):
    """A crossing that Amazon Location tells, and the visitor whose device it was."""

    visitor: VisitorId
    crossing: Crossing


def is_location_event(event: object) -> bool:
    """Whether EventBridge sent it, and no visitor."""
    return isinstance(event, Mapping) and "detail-type" in event and "requestContext" not in event


def read_location_event(event: Mapping[str, Any]) -> Located:
    """The crossing in an event of a geofence collection. Its geofences have the ids of the store's fences, and its
    devices those of visitors; a position property `mocked` says what the app knows of that.

    Raises:
        InvalidField: it is not such an event; names what is wrong, never a position.
    """
    if (event.get("source"), event.get("detail-type")) != (SOURCE, DETAIL):
        raise InvalidField(f"is not {DETAIL!r} of {SOURCE}", "detail-type")
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise InvalidField("should be an object", "detail")
    kind = detail.get("EventType")
    if kind not in ("ENTER", "EXIT"):
        raise InvalidField("should be 'ENTER' or 'EXIT'", "detail.EventType")
    lon, lat = _position(detail.get("Position"))
    properties = detail.get("PositionProperties")
    said = properties.get("mocked") if isinstance(properties, dict) else None
    crossing = Crossing(
        id=_checked(event.get("id"), Id, "id"),
        action="enter" if kind == "ENTER" else "exit",
        at_ms=_instant(detail.get("SampleTime")),
        lat=lat,
        lon=lon,
        accuracy_m=_accuracy_m(detail.get("Accuracy")),
        fence=_checked(detail.get("GeofenceId"), FenceId, "detail.GeofenceId"),
        mocked=said in ("true", "True", "1"),
    )
    visitor = detail.get("DeviceId")
    if not isinstance(visitor, str) or NAME.fullmatch(visitor) is None:
        raise InvalidField("should be the id of a visitor", "detail.DeviceId")
    return Located(visitor, crossing)


def answer_body(outcome: Outcome) -> bytes:
    """JSON of what became of a crossing."""
    shown = outcome.shown
    message = None
    if shown is not None:
        message = {"id": shown.id, "title": shown.title, "text": shown.text, "url": shown.url, "image": shown.image}
    told = {"accepted": outcome.accepted, "reason": outcome.reason, "fence": outcome.fence, "message": message}
    return orjson.dumps(told)


def count(outcome: Outcome, now_s: float) -> None:
    """One line of metrics of a crossing. It names neither person nor place."""
    name = "Accepted" if outcome.accepted else "Refused"
    reason = "" if outcome.reason is None else outcome.reason.title().replace("_", "")
    values = {name: 1, **({f"{name}{reason}": 1} if reason else {}), **({"Shown": 1} if outcome.shown else {})}
    emit(SERVICE, values, None, now_s)


def _checked(value: object, hint: Any, at: str) -> Any:  # noqa: ANN401 - any annotation
    try:
        return check_of(hint)(value)
    except Unfit as unfit:
        raise InvalidField(str(unfit), at) from None


def _position(value: object) -> tuple[float, float]:
    """Longitude and latitude; out of range is for the judge to refuse, as from the app."""
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidField("should be longitude and latitude", "detail.Position")
    return _number(value[0], "detail.Position.0"), _number(value[1], "detail.Position.1")


def _accuracy_m(value: object) -> float:
    """Metres; 0 where it is not told, which is refused as unknown."""
    told = value.get("Horizontal", 0) if isinstance(value, dict) else 0
    return _number(told, "detail.Accuracy.Horizontal")


def _number(value: object, at: str) -> float:
    match value:
        case bool():
            pass
        case float() | int() if not isinstance(value, int) or abs(value) <= MAX_M:
            return float(value)
    raise InvalidField("should be a number of degrees or metres", at)


def _instant(value: object) -> int:
    """Milliseconds since 1970 of an instant with its zone (ISO 8601)."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidField("should be an instant such as 2026-11-22T12:00:00.000Z", "detail.SampleTime")
    return int(at.timestamp() * 1000)
