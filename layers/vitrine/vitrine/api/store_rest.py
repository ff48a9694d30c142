"""What can still be checked of a campaign in which a field is wrong, so that its other faults are told with it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from vitrine.api.store_campaigns import CampaignFile

ASIDE: Final = frozenset(
    {"about", "pages", "schedule", "priority", "group", "caps", "budget", "control", "needs", "offer"}
)
"""Fields that no other field depends on: without them nothing else of a campaign becomes wrong."""


def rest_of(plain: Mapping[str, Any]) -> CampaignFile | None:
    """The campaign without those of its fields that are wrong; None where others are, so that more faults would be
    told than there are."""
    try:
        return CampaignFile.model_validate(plain)
    except ValidationError as error:
        places = [fault["loc"] for fault in error.errors(include_url=False)]
    wrong = {place[0] for place in places if place}
    if not all(places) or not all(_meant(str(name)) in ASIDE for name in wrong):
        return None
    try:
        return CampaignFile.model_validate({name: part for name, part in plain.items() if name not in wrong})
    except ValidationError:
        return None


def _meant(name: str) -> str:
    """The field that a name is, or probably was to be."""
    return next(iter(get_close_matches(name, CampaignFile.model_fields, n=1, cutoff=0.0)), "")
