"""Consent decides what may be known of a visitor."""

import pytest

from vitrine.types import Purpose
from vitrine.visitors.consent import PURPOSES, may_locate, may_recognise, recognised


@pytest.mark.parametrize(
    ("consent", "known"),
    [
        ([], False),
        (["geo"], False),
        (["messages"], False),
        (["geo", "messages"], False),
        (["personalization"], True),
        (list(PURPOSES), True),
    ],
)
def test_only_personalization_lets_us_know_the_visitor(consent: list[Purpose], known: bool) -> None:
    """No other purpose stands in for it."""
    assert may_recognise(consent) is known
    assert recognised("v", consent) == ("v" if known else None)


@pytest.mark.parametrize(("consent", "known"), [([], False), (["personalization", "messages"], False), (["geo"], True)])
def test_only_geo_lets_us_know_where_they_are(consent: list[Purpose], known: bool) -> None:
    """Closer than by region."""
    assert may_locate(consent) is known


def test_nobody_stays_nobody() -> None:
    """Consent does not make an id."""
    assert recognised(None, PURPOSES) is None
