"""CloudFront's viewer headers: what is taken, what is left out, and that nothing in them is ever an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.viewer import viewer_of
from vitrine.types import Geo, Viewer

COLUMBUS = {
    "cloudfront-viewer-country": "US",
    "cloudfront-viewer-country-region": "OH",
    "cloudfront-viewer-city": "Columbus",
    "cloudfront-viewer-latitude": "39.96118",
    "cloudfront-viewer-longitude": "-82.99879",
    "cloudfront-viewer-country-name": "United States",
    "host": "shop.example",
}


def test_a_place_is_taken_and_rounded_at_once() -> None:
    """No finer than a tenth of a degree leaves this function."""
    assert viewer_of(COLUMBUS) == Viewer("US", "OH", "Columbus", Geo(40.0, -83.0))


def test_names_of_headers_have_no_case() -> None:
    """CloudFront writes them in capitals, API Gateway hands them over in small letters."""
    assert viewer_of({"CloudFront-Viewer-Country": "DE", "CLOUDFRONT-VIEWER-CITY": "Bonn"}) == Viewer("DE", city="Bonn")


def test_without_cloudfront_nothing_is_known() -> None:
    """A store without it loses nothing else."""
    assert viewer_of({}) == viewer_of({"host": "shop.example", "x-cloudfront-viewer-country": "US"}) == Viewer()


@pytest.mark.parametrize(
    ("sent", "city"),
    [
        ("S%C3%A3o Paulo", "São Paulo"),
        ("%D0%9C%D0%BE%D1%81%D0%BA%D0%B2%D0%B0", "Москва"),
        ("Orléans", "Orléans"),
        ("Foz do Igua%C3%A7u", "Foz do Iguaçu"),
    ],
)
def test_a_city_may_be_percent_encoded(sent: str, city: str) -> None:
    """What is not ASCII comes as the percent-encoded bytes of its UTF-8."""
    assert viewer_of({"cloudfront-viewer-city": sent}).city == city


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("country", "us"),
        ("country", "USA"),
        ("country", "U"),
        ("country", "U\n"),
        ("country", "ЯЯ"),
        ("country", ""),
        ("country-region", "oh"),
        ("country-region", "OHIO"),
        ("country-region", "O-H"),
        ("city", ""),
        ("city", "%20"),
        ("city", "%FF"),
        ("city", "a%0Ab"),
        ("city", "a%E2%80%AEb"),
        ("city", "x" * 101),
        ("city", "\ud800"),
        ("latitude", "90.1"),
        ("latitude", "-91"),
        ("latitude", "nan"),
        ("latitude", "inf"),
        ("latitude", "1e1"),
        ("latitude", "1_0"),
        ("latitude", " 39.9"),
        ("latitude", "٣٩"),
        ("latitude", "39,9"),
        ("latitude", "1" * 400),
        ("latitude", ""),
        ("longitude", "180.1"),
        ("longitude", "0x10"),
    ],
)
def test_what_does_not_have_its_form_is_left_out(name: str, value: str) -> None:
    """As if it had not been sent; the rest still counts. One coordinate alone is no place."""
    left = {"country": "country", "country-region": "subdivision", "city": "city"}.get(name, "geo")
    found = viewer_of({**COLUMBUS, f"cloudfront-viewer-{name}": value})
    whole = viewer_of(COLUMBUS)
    assert getattr(found, left) is None
    assert all(getattr(found, field) == getattr(whole, field) for field in Viewer.__slots__ if field != left)


@given(
    st.dictionaries(st.sampled_from(sorted(COLUMBUS)), st.text(max_size=20) | st.floats(-200, 200).map(str), max_size=6)
)
def test_no_header_is_an_error(headers: dict[str, str]) -> None:
    """Whatever is sent, there is an answer, and its coordinates are on the earth and on the grid."""
    geo = viewer_of(headers).geo
    if geo is not None:
        assert abs(geo.lat) <= 90
        assert abs(geo.lon) <= 180
        assert (geo.lat, geo.lon) == (round(geo.lat, 1), round(geo.lon, 1))
