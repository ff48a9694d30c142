"""Conditions that nobody can ever fulfil: a campaign under one would wait for ever, and nothing would say so."""

from collections.abc import Collection, Iterator
from typing import Final

from vitrine.rules.conditions import Condition
from vitrine.types import PageType

PAGE: Final = "page.type"


def impossible(condition: Condition, pages: Collection[PageType]) -> Iterator[tuple[str, str]]:
    """What contradicts itself in a condition that is asked on these types of pages, with what to do.

    Only what is plain to see: bounds of a number that leave none, and values that exclude each other.
    """
    for path, (low, high) in condition.bounds.items():
        if low > high:
            yield f"can never hold: {path} would have to be {low:g} or more and {high:g} or less", "correct one of them"
    for path, values in condition.requires.items():
        if not values:
            said = f"can never hold: no {path} is everything that is asked of it at once"
            yield said, "to allow several values write $in, to ask for one of several conditions $or"
    types = condition.requires.get(PAGE)
    if types and pages and not types & set(pages):
        told = f"can never hold: it asks for a page of type {' or '.join(sorted(map(str, types)))}"
        yield told, f"its placements are on: {', '.join(sorted(pages))}"
