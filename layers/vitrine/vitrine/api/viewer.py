"""Where CloudFront says the caller is: its viewer headers, checked, rounded, and never an error.

Whoever reaches the origin past CloudFront can write these headers as they like, so what does not have their form is
left out as if it had not been sent.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from vitrine.api.decide import rounded
from vitrine.types import Geo, Viewer

PREFIX: Final = "cloudfront-viewer-"
MAX_CITY_LENGTH: Final = 100
COUNTRY: Final = re.compile(r"[A-Z]{2}")  # ISO 3166-1 alpha-2
SUBDIVISION: Final = re.compile(r"[A-Z0-9]{1,3}")  # ISO 3166-2 without the country
DEGREES: Final = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?")
MAX_LAT: Final = 90.0
MAX_LON: Final = 180.0


def viewer_of(headers: Mapping[str, str]) -> Viewer:
    """What the headers say of the caller's place; names of headers in any case. What is damaged is left out."""
    said = {
        name[len(PREFIX) :].lower(): value for name, value in headers.items() if name[: len(PREFIX)].lower() == PREFIX
    }
    return Viewer(
        country=_code(COUNTRY, said.get("country")),
        subdivision=_code(SUBDIVISION, said.get("country-region")),
        city=_city(said.get("city")),
        geo=_geo(said.get("latitude"), said.get("longitude")),
    )


def _code(form: re.Pattern[str], text: str | None) -> str | None:
    return text if text is not None and form.fullmatch(text) else None


def _city(text: str | None) -> str | None:
    """A city's name; CloudFront percent-encodes what is not ASCII (RFC 3986, 1.2) as UTF-8."""
    try:
        city = unquote_to_bytes(text or "").decode()
    except ValueError:  # no UTF-8, or a lone surrogate that has no bytes
        return None
    return city if 0 < len(city) <= MAX_CITY_LENGTH and city.isprintable() and city.strip() else None


def _geo(lat: str | None, lon: str | None) -> Geo | None:
    north, east = _degrees(lat, MAX_LAT), _degrees(lon, MAX_LON)
    return rounded(north, east) if north is not None and east is not None else None


def _degrees(text: str | None, most: float) -> float | None:
    """The number in plain decimals, None for anything else."""
    if text is None or DEGREES.fullmatch(text) is None:
        return None
    value = float(text)
    return value if abs(value) <= most else None
