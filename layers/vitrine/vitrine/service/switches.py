"""The switches of operators: a message, a channel, or all of outreach, stopped for everybody within a minute."""

from collections.abc import Collection
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed, InvalidField, ProfileConflict
from vitrine.outreach.channels import CHANNELS
from vitrine.ports import Table
from vitrine.service.outlook import switched_off
from vitrine.types import Absent, Row

ALL: Final = "all"
READ_TIMEOUT_S: Final = 3.0
ATTEMPTS: Final = 8


def switch(table: Table, name: str, messages: Collection[str], *, stop: bool) -> frozenset[str]:
    """Stop or start something; all that is stopped then. What is stopped already, or runs, stays so.

    A message that is gone from the store's files can still be started.

    Raises:
        InvalidField: there is no message or channel of that name; the message lists those there are.
        DependencyFailed: the table does not answer.
        ProfileConflict: others turned switches again and again.
    """
    for _ in range(ATTEMPTS):
        row = table.read([keys.OUTREACH_SWITCHES], READ_TIMEOUT_S, latest=True)[keys.OUTREACH_SWITCHES]
        if row is Absent.NOT_READ:
            raise DependencyFailed("table", "the switches were not read")
        before = switched_off(row)
        if name not in {ALL, *CHANNELS, *messages, *(() if stop else before)}:
            known = ", ".join((ALL, *CHANNELS, *sorted(messages)))
            raise InvalidField(f"there is no message or channel {name!r}; there are: {known}", "name")
        off = before | {name} if stop else before - {name}
        if off == before or table.replace(keys.OUTREACH_SWITCHES, *_successor(row, off)):
            return off
    raise ProfileConflict(f"the switches were turned by others {ATTEMPTS} times in a row")


def _successor(row: Row | Absent, off: frozenset[str]) -> tuple[Row, int | None]:
    """The row that takes the place of this one, and the revision that has to be there."""
    rev = None if isinstance(row, Absent) else row.get("rev")
    known = rev if isinstance(rev, int) else None
    return {"off": ",".join(sorted(off)), "rev": (known or 0) + 1}, known
