"""Visitors who are one person by what a CRM knows of them: those without a person join the one whom another has.

People with names stay apart, whatever they share: a family has one telephone. An address is never made up: visitors of
whom none is anybody's stay as they are.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final, Protocol

from vitrine.outreach.person import MAX_VISITORS, OF_VISITOR, Person, PersonId
from vitrine.ports import Table
from vitrine.service.notes import BATCH, owners_of
from vitrine.types import VisitorId

SETS: Final = 20
"""Sets of visitors that are looked up together."""


class Joins(Protocol):
    """What puts visitors with a person (`people.PeopleService`)."""

    def join(self, id_: PersonId, visitors: Sequence[VisitorId]) -> Person:
        """The person with these visitors."""
        ...


def join_kin(kin: Iterable[Collection[VisitorId]], table: Table, people: Joins) -> int:
    """Put visitors with the person of their kin: the least id with a name, or else the least; how many were put.

    Raises:
        DependencyFailed: the table does not answer; the same call again does the rest.
        ProfileConflict: as above, because others wrote the same rows again and again.
    """
    n, sets = 0, iter(kin)
    while some := list(islice(sets, SETS)):
        owners = _owners(sorted({visitor for one in some for visitor in one}), table)
        for one in some:
            n += _join(sorted(one), owners, people)
    return n


def _owners(visitors: Sequence[VisitorId], table: Table) -> dict[VisitorId, PersonId]:
    found: dict[VisitorId, PersonId] = {}
    for at in range(0, len(visitors), BATCH):
        found |= owners_of(visitors[at : at + BATCH], table)
    return found


def _join(visitors: Sequence[VisitorId], owners: dict[VisitorId, PersonId], people: Joins) -> int:
    people_of_kin = sorted({owners[one] for one in visitors if one in owners}, key=_order)
    if not people_of_kin or len(visitors) > MAX_VISITORS:
        return 0
    chosen = people_of_kin[0]
    joining = [one for one in visitors if owners.get(one, OF_VISITOR + one).startswith(OF_VISITOR)]
    joining = [one for one in joining if owners.get(one) != chosen]
    if joining:
        people.join(chosen, joining)
    return len(joining)


def _order(person: PersonId) -> tuple[bool, PersonId]:
    return person.startswith(OF_VISITOR), person
