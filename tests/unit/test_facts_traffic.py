"""Where a session came from: UTM parameters first, then the referrer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.circumstances import STORE
from vitrine.decisions.facts_traffic import REFERRERS, referrer_class
from vitrine.types import (
    Traffic,
)

REFERRED = [
    (None, Traffic(), None),
    ("", Traffic(), "direct"),
    ("/catalog", Traffic(), "internal"),
    ("https://shop.example/p/1", Traffic(), "internal"),
    ("https://SHOP.example/p/1", Traffic(), "internal"),
    ("https://www.google.com/", Traffic(), "search"),
    ("https://www.google.co.uk/search", Traffic(), "search"),
    ("https://yandex.ru/", Traffic(), "search"),
    ("https://duckduckgo.com/", Traffic(), "search"),
    ("android-app://com.google.android.googlequicksearchbox/", Traffic(), "search"),
    ("https://mail.google.com/mail/u/0/", Traffic(), "email"),
    ("https://e.mail.ru/inbox", Traffic(), "email"),
    ("https://m.facebook.com/", Traffic(), "social"),
    ("https://t.co/x", Traffic(), "social"),
    ("https://vk.com/feed", Traffic(), "social"),
    ("https://t.me/channel", Traffic(), "messenger"),
    ("https://web.telegram.org/", Traffic(), "messenger"),
    ("android-app://org.telegram.messenger/", Traffic(), "messenger"),
    ("https://ad.doubleclick.net/x", Traffic(), "ads"),
    ("https://blog.example.org/", Traffic(), "other"),
    ("https://google.evil.example/", Traffic(), "other"),
    ("http://[", Traffic(), "other"),
    ("nonsense", Traffic(), "other"),
    ("https://www.google.com/", Traffic(medium="CPC"), "ads"),
    ("https://shop.example/", Traffic("news", "E-Mail"), "email"),
    (None, Traffic(medium="paid_social"), "ads"),
    (None, Traffic(medium="social-network"), "social"),
    (None, Traffic(medium="organic"), "search"),
    (None, Traffic("telegram", "post"), "messenger"),
    (None, Traffic("vk.com"), "social"),
    (None, Traffic("leaflet", "qr"), "other"),
    ("", Traffic("leaflet", "qr"), "direct"),
    ("https://www.bing.com/", Traffic("leaflet", "qr"), "search"),
]


@pytest.mark.parametrize(("referrer", "traffic", "expected"), REFERRED)
def test_where_a_session_came_from(referrer: str | None, traffic: Traffic, expected: str | None) -> None:
    """The shop's own links say it first, then the referrer; who says nothing came from nowhere known."""
    assert referrer_class(referrer, traffic, STORE.hosts) == expected


WORDS = st.text(max_size=12) | st.sampled_from(
    ["m1", "b1", "dairy/milk", "/", "//", "https://[", "google", "cpc", "\x00"]
)
MAYBE = st.none() | WORDS


@given(MAYBE, MAYBE, MAYBE, MAYBE)
def test_every_referrer_has_a_class(
    referrer: str | None, source: str | None, medium: str | None, host: str | None
) -> None:
    """One of the declared ones, or unknown when nothing was said."""
    found = referrer_class(referrer, Traffic(source, medium), frozenset({host or "shop.example"}))
    assert found in REFERRERS or (found is None and referrer is None and not source and not medium)
