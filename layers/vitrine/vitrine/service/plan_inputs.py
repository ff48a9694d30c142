"""What page views of a plan are decided from: rows and cards as they are now, each read once, so that nothing but the
store differs between two decisions of one view."""

from collections.abc import Mapping, Sequence
from typing import Final

from vitrine import keys
from vitrine.catalog.items import Card, card_in
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.placements import Store
from vitrine.ports import Table
from vitrine.types import Absent, ItemId, Key, Row, Rows

READ_TIMEOUT_S: Final = 10.0


class LiveInputs:
    """Rows and cards of the table. What was read is held: a plan is over soon."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: dict[Key, Row | Absent] = {}

    def read(self, wanted: Sequence[Key]) -> Rows:
        """See ReadRows.

        Raises:
            DependencyFailed: the table does not answer; a plan need not go on without it, as a page must.
        """
        missing = [key for key in wanted if key not in self._rows]
        if missing:
            self._rows.update(self._table.read(missing, READ_TIMEOUT_S))
        return {key: self._rows[key] for key in wanted}

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """See ReadCards. Raises as `read` does."""
        rows = self.read([keys.card(item) for item in items])
        return {item: card_in(rows[keys.card(item)]) for item in items}


def grant(claims: Claims) -> ClaimOutcome:
    """Every claim is granted, and nothing is counted: nobody sees what a plan decides."""
    return ClaimOutcome()


def ignore_stage(stage: str) -> None:
    """How long the stages take is not of interest."""


def known_placements(request: DecisionRequest, store: Store) -> tuple[str, ...] | None:
    """The placements that a request names, without those that the store has not; None where it names none."""
    if request.placements is None:
        return None
    return tuple(name for name in request.placements if name in store.placements)
