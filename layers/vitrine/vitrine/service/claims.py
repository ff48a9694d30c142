"""Count what is about to be shown. Caps are conditions of a write, never a comparison before it.

Budgets come first, because they are counted one by one and may be denied; the visitor's row, all or nothing, comes
last. Whatever fails in between has counted too much and never too little.
"""

import time
from collections.abc import Callable
from typing import Final

from vitrine import keys
from vitrine.decisions.claims import ClaimOutcome, Claims, Denied
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.ports import PageTable
from vitrine.types import Absent, Row, VisitorId

TABLE: Final = "table"


class Counter:
    """Counts the claims of page views. Safe to use from several threads if the table is.

    `monotonic` is a clock in seconds that never goes back.
    """

    def __init__(self, table: PageTable, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._monotonic = monotonic

    def claim(self, visitor: VisitorId, claims: Claims, timeout_s: float) -> ClaimOutcome:
        """What became of the claims, in time. Never raises: what cannot be counted is denied.

        When the visitor's row was written by somebody else first, the outcome has it as it is now.
        """
        ends_s = self._monotonic() + timeout_s
        paid: list[str] = []
        try:
            denied = self._spend(claims, paid, ends_s)
            if denied or claims.row is None:
                return ClaimOutcome(denied, paid=tuple(paid))
            if self._table.replace(keys.shown(visitor), claims.row, claims.rev, self._left_s(ends_s)):
                return ClaimOutcome(paid=tuple(paid))
            return ClaimOutcome(fresh=self._fresh(visitor, ends_s), paid=tuple(paid))
        except DependencyFailed:
            return ClaimOutcome(dict.fromkeys(claims.campaigns, "not_counted"), uncounted=True, paid=tuple(paid))

    def _spend(self, claims: Claims, paid: list[str], ends_s: float) -> dict[str, Denied]:
        """Count all budgets; the campaigns whose budget is spent. `paid` is added to, also when this raises."""
        denied: dict[str, Denied] = {}
        for spending in claims.budgets:
            if self._table.count(spending.key, spending.limit, spending.ttl, self._left_s(ends_s)):
                paid.append(spending.campaign)
            else:
                denied[spending.campaign] = "budget"
        return denied

    def _fresh(self, visitor: VisitorId, ends_s: float) -> Row | Absent:
        key = keys.shown(visitor)
        row = self._table.read([key], self._left_s(ends_s), latest=True)[key]
        if row is Absent.NOT_READ:
            raise DependencyFailed(TABLE, "the exposures were not read")
        return row

    def _left_s(self, ends_s: float) -> float:
        left_s = ends_s - self._monotonic()
        if left_s <= 0:
            raise DeadlineExceeded(TABLE, "no time is left to count")
        return left_s
