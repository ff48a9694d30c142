"""What may be done with what is known of a visitor.

Without consent to personalisation nothing about the visitor is read, written or returned, the token included. The
request's own words count, at once: what an earlier request allowed does not speak for this one.
"""

from collections.abc import Collection
from typing import Final

from vitrine.types import Purpose, VisitorId

PURPOSES: Final[tuple[Purpose, ...]] = ("personalization", "geo", "messages")


def may_recognise(consent: Collection[Purpose]) -> bool:
    """Whether the visitor may be recognised and remembered."""
    return "personalization" in consent


def may_locate(consent: Collection[Purpose]) -> bool:
    """Whether the visitor's place may be known closer than by region."""
    return "geo" in consent


def recognised(visitor: VisitorId | None, consent: Collection[Purpose]) -> VisitorId | None:
    """The visitor as far as the consent lets us know them."""
    return visitor if may_recognise(consent) else None
