"""What a person supposes in the studio, and the question to the operators' route that comes of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from vitrine.api.fields import Id, Text
from vitrine.api.wire import Bounds, Wire
from vitrine.errors import InvalidField
from vitrine.places.weather import LIMITS, Condition
from vitrine.types import DeviceKind
from vitrine.visitors.identity import NAME

PERSONALIZATION: Final = "personalization"
DEVICES: Final[Mapping[str, DeviceKind]] = {"phone": "mobile", "tablet": "desktop", "desktop": "desktop"}
"""Vitrine knows no tablets: `mobile` is a small screen."""

ATTRIBUTES: Final = {
    "temperature_c": "weather.temperature_c",
    "anomaly_c": "weather.anomaly_c",
    "precipitation_mm": "weather.precipitation_mm",
    "condition": "weather.condition",
    "persona": "persona",
}
"""Attribute of the store (store/ATTRIBUTES.md) by field."""


class Overrides(Wire):
    """Circumstances to suppose; null leaves them as they are. `at` is local time of the region, without a zone.

    `household` is the id of a visitor of the data, through whose eyes the shop is seen.
    """

    region: Id | None = None
    temperature_c: Annotated[float, Bounds(*LIMITS["temperature_c"])] | None = None
    anomaly_c: Annotated[float, Bounds(*LIMITS["anomaly_c"])] | None = None
    precipitation_mm: Annotated[float, Bounds(*LIMITS["precipitation_mm"])] | None = None
    condition: Condition | None = None
    at: Text | None = None
    device: Literal["phone", "tablet", "desktop"] | None = None
    persona: Id | None = None
    household: Text | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What is supposed, by field."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def is_preview(self) -> bool:
        """Whether anything is supposed that is not so. A device is: it is what the page says of the window's width."""
        return bool(self.given.keys() - {"device"})


def instant(text: str, timezone: str) -> str:
    """The instant of a local time such as 2026-07-15T14:00 in an IANA zone, in ISO 8601 with its offset.

    Raises:
        InvalidField: it is no such time.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidField("should be a local time such as 2026-07-15T14:00", "at") from error
    return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(timezone))).isoformat()


def preview_of(overrides: Overrides, zones: Mapping[str, str], default_region: str) -> dict[str, Any]:
    """The `preview` of POST /v1/explain. `zones` are IANA zones by region.

    Raises:
        InvalidField: there is no such region or time, or the household's id can be none.
    """
    if overrides.region is not None and overrides.region not in zones:
        raise InvalidField(f"should be one of {', '.join(zones)}", "region")
    if overrides.household is not None and NAME.fullmatch(overrides.household) is None:
        raise InvalidField("should be the id of a visitor, such as h718", "household")
    given = overrides.given
    attributes = {path: given[name] for name, path in ATTRIBUTES.items() if name in given}
    preview: dict[str, Any] = {"attributes": attributes} if attributes else {}
    if overrides.region is not None:
        preview["region"] = overrides.region
    if overrides.at is not None:
        preview["at"] = instant(overrides.at, zones[overrides.region or default_region])
    return preview


def supposed(
    body: Mapping[str, Any], overrides: Overrides, preview: Mapping[str, Any], mint: Callable[[str], str]
) -> dict[str, Any]:
    """The body of POST /v1/explain for a page's body of POST /v1/decide. `mint` makes a visitor's token.

    Without the page's consent a household is not recognised, as nobody would be.
    """
    asked = {name: value for name, value in body.items() if name != "preview"}
    if overrides.device is not None:
        device = body.get("device")
        asked["device"] = {**(device if isinstance(device, dict) else {}), "kind": DEVICES[overrides.device]}
    if overrides.household is not None and consents(body):
        asked["visitor"] = mint(overrides.household)
    return asked | ({"preview": dict(preview)} if preview else {})


def consents(body: Mapping[str, Any]) -> bool:
    """Whether the visitor of a page's body agreed to be recognised."""
    consent = body.get("consent")
    return isinstance(consent, list) and PERSONALIZATION in consent
