"""The stage of a household's walk: the services that functions run, on a clock of the walk's own.

Functions know only the present, so the walk works the same core in its own process, over the same table: what is sent
lies in the same mailbox. Its person's alarms stay out of the index while it walks, or the real functions would take
part with their real clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass as mutable
from dataclasses import replace
from datetime import datetime
from typing import Final

from vitrine import keys
from vitrine.errors import LocalStackError
from vitrine.outreach.person import Person, PersonId, parse_person, row_of
from vitrine.outreach.state import parse_state
from vitrine.ports import Table
from vitrine.service.app_notice import AppNotice
from vitrine.service.collect import CollectService
from vitrine.service.geofence import GeofenceService
from vitrine.service.outreach import OutreachService
from vitrine.service.people import PeopleService
from vitrine.types import Key, Row, Rows, VisitorId
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 5.0
ATTEMPTS: Final = 8


@dataclass(frozen=True, slots=True)
class Services:
    """What a walk calls, as it is wired for functions."""

    table: Table
    outreach: OutreachService
    collect: CollectService
    people: PeopleService
    geofence: GeofenceService


@mutable(slots=True)
class WalkClock:
    """The walk's present, moved by the walk."""

    now: datetime

    def __call__(self) -> datetime:
        """See ports.Clock."""
        return self.now

    @property
    def ms(self) -> int:
        """The present in ms."""
        return int(self.now.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Unheard:
    """The table, but the alarms of one person are not in its index: nobody but the walk hears them."""

    table: Table
    person: PersonId

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        return self.table.read(keys, timeout_s, latest=latest)

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        return self.table.write([(key, self._muted(key, row)) for key, row in rows])

    def delete(self, keys: Iterable[Key]) -> int:
        """See ports.Table."""
        return self.table.delete(keys)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        return self.table.replace(key, self._muted(key, row), expected_rev, timeout_s)

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        return self.table.count(key, limit, ttl, timeout_s)

    def _muted(self, key: Key, row: Row) -> Row:
        if key != keys.outreach(self.person):
            return row
        return {name: value for name, value in row.items() if name != "shard"}


def staged(services: Services, person: PersonId, clock: WalkClock) -> Services:
    """The services on the walk's clock, with the person's alarms unheard."""
    table = Unheard(services.table, person)
    outreach = replace(services.outreach, table=table, clock=clock)

    def nudge(person: PersonId) -> None:
        """The walk looks by itself."""

    return Services(
        table=table,
        outreach=outreach,
        collect=replace(services.collect, table=table, clock=clock),
        people=replace(services.people, table=table, clock=clock),
        geofence=replace(services.geofence, table=table, clock=clock, notify=AppNotice(outreach), nudge=nudge),
    )


def hear_again(table: Table, person: PersonId, now_ms: int) -> None:
    """Bring the person's alarm into the index: from here on the functions look after them."""
    key = keys.outreach(person)
    for _ in range(ATTEMPTS):
        stored = parse_state(table.read([key], READ_TIMEOUT_S, latest=True)[key])
        if stored.rev is None or table.replace(key, stored.successor(stored.state, person, now_ms), stored.rev):
            return


def set_stage(table: Table, household: PersonId, devices: Sequence[VisitorId]) -> Person:
    """Take back what an earlier walk of the household left, and let it agree to every channel it has an address for.

    Raises:
        LocalStackError: the household is nobody whom the demo's set-up told of.
        DependencyFailed: the table does not answer.
    """
    key = keys.person(household)
    person, rev = parse_person(table.read([key], READ_TIMEOUT_S, latest=True)[key], household)
    if rev is None:
        raise LocalStackError(
            f"nobody knows household {household[1:]}; take one of the data's, such as --household 718"
        )
    left = [of(device) for device in devices for of in (keys.profile, keys.link)]
    table.delete([*left, keys.outreach(household), keys.fixes(household)])
    fresh = replace(person, visitors=(household,), allowed=frozenset(person.addresses), suppressed={})
    table.write([(key, row_of(fresh, rev)), (keys.link(household), {"person": household, "rev": 1})])
    return fresh
