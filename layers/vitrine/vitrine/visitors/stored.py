"""A profile as a row of the table."""

from datetime import datetime, timedelta
from typing import Final

from vitrine.errors import DependencyFailed
from vitrine.types import Absent, Row
from vitrine.values import dataclass
from vitrine.visitors.profile import Profile

KEPT_FOR: Final = timedelta(days=400)
"""A visitor who does nothing for so long is forgotten."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A profile and the revision of its row; `rev` is None when there is no row yet."""

    profile: Profile
    rev: int | None

    def successor(self, profile: Profile, now: datetime) -> Row:
        """The row that takes this one's place."""
        return {
            "profile": profile.encode(),
            "rev": 1 if self.rev is None else self.rev + 1,
            "ttl": int((now + KEPT_FOR).timestamp()),
        }


def parse_profile(row: Row | Absent, now: datetime) -> Stored:
    """The stored profile, an empty one when there is none or its time is over (the table deletes expired rows late).

    Raises:
        DependencyFailed: the row was not read, or is damaged.
    """
    if row is Absent.MISSING:
        return Stored(Profile(), None)
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "the profile was not read")
    match row:
        case {"profile": bytes(data), "rev": int(rev), "ttl": int(ttl)}:
            return Stored(Profile() if ttl <= now.timestamp() else Profile.decode(data), rev)
    raise DependencyFailed("table", "a profile's row is damaged")
