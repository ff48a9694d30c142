"""People as the shop's backend tells them: whose visitors they are, how they are reached, what they agreed to.

What is told is merged into what is known, so telling it again at each login changes nothing. A visitor belongs to one
person; the link row (`keys.link`) decides. Who moves a visitor writes in an order in which a process that dies leaves
nobody with two messages, and the same call again finishes the work:

1. the new person has the visitor and, if the old one was only this visitor, what was known of that;
2. the old person has it no more, and if it was only this visitor, nobody works on it any more;
3. what was sent to the old one counts as sent to the new one;
4. the link is flipped, under its revision;
5. an alarm makes somebody look, so that the cart from before the login counts.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.errors import DamagedRow, DependencyFailed, ProfileConflict
from vitrine.outreach.person import OF_VISITOR, Person, PersonId, parse_person, row_of
from vitrine.outreach.state import State, parse_state
from vitrine.outreach.telling import Told, merged, of_one_visitor, with_history
from vitrine.ports import Clock, Table
from vitrine.service.alarms import arm, link_of
from vitrine.service.collect import Budget
from vitrine.types import Absent, Key, Row, VisitorId
from vitrine.values import dataclass
from vitrine.visitors.identity import KeySource, keys_for, verify

BUDGET_S: Final = 8.0
READ_TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 8

KeysUnder: TypeAlias = Callable[[str], Iterable[Key]]
"""Keys of all rows under a partition key. Raises DependencyFailed."""


@dataclass(frozen=True, slots=True)
class PeopleService:
    """Keeps people. Safe to use from several threads."""

    table: Table
    keys_under: KeysUnder
    token_keys: KeySource
    clock: Clock
    back_off: Callable[[int], None]
    monotonic: Callable[[], float] = time.monotonic

    def visitor_of(self, token: str) -> VisitorId:
        """The visitor whose token it is.

        Raises:
            InvalidToken: it is not one of ours.
            DependencyFailed: there are no keys to tell by.
        """
        token_keys = keys_for(token, self.token_keys)
        if token_keys is None:
            raise DependencyFailed("secret", "there are no token keys yet")
        return verify(token, token_keys)

    def put(self, id_: PersonId, told: Told) -> Person:
        """Merge what is told into the person, with their visitors, and see to it that somebody looks at once.

        `v:<visitor>` is whoever has the visitor: a person with a name, or one of this visitor alone.

        Raises:
            InvalidField: `v:<visitor>` is told of another visitor.
            DependencyFailed: the table did not do its work; the same call again finishes it.
            ProfileConflict: as above, because others wrote the same rows again and again.
        """
        return self._merge(id_, of_one_visitor(id_, told))

    def join(self, id_: PersonId, visitors: Sequence[VisitorId]) -> Person:
        """The person with these visitors, of whom something else says that they are theirs. Raises as `put`."""
        return self._merge(id_, Told(visitors))

    def find(self, id_: PersonId) -> tuple[Person, State] | None:
        """The person and what outreach remembers of them, None when nothing is known. Ids as of `put`.

        Raises:
            DependencyFailed: the table did not answer, or what it holds is damaged.
        """
        budget = Budget(BUDGET_S, self.monotonic)
        id_ = self._owner(id_, budget)
        who, what = keys.person(id_), keys.outreach(id_)
        rows = self._read([who, what], budget)
        if rows[who] is Absent.MISSING and rows[what] is Absent.MISSING:
            return None
        return parse_person(rows[who], id_)[0], parse_state(rows[what]).state

    def forget(self, id_: PersonId) -> int:
        """Delete all that is kept under this very id, and the links of its visitors; the number of rows.

        The visitors' own profiles stay: they are the visitors' to erase. Raises DependencyFailed.
        """
        budget = Budget(BUDGET_S, self.monotonic)
        person, _ = parse_person(self._read([keys.person(id_)], budget)[keys.person(id_)], id_)
        links = [keys.link(visitor) for visitor in person.visitors]
        rows = self._read(links, budget) if links else {}
        ours = [key for key, row in rows.items() if link_of(row) == id_]
        return self.table.delete(ours) + self.table.delete(list(self.keys_under(keys.person(id_).pk)))

    def _merge(self, id_: PersonId, told: Told) -> Person:
        budget = Budget(BUDGET_S, self.monotonic)
        for attempt in range(1, ATTEMPTS + 1):
            person = self._attempt(self._owner(id_, budget), told, budget)
            if person is not None:
                arm(self.table, person.id, self._now_ms(), budget.left_s, self.back_off, within_ms=0)
                return person
            self.back_off(attempt)
        raise ProfileConflict(f"a person was written by others {ATTEMPTS} times in a row")

    def _owner(self, id_: PersonId, budget: Budget) -> PersonId:
        """The person whom an id means: that of a visitor means whoever has the visitor."""
        if not id_.startswith(OF_VISITOR):
            return id_
        key = keys.link(id_.removeprefix(OF_VISITOR))
        return link_of(self._read([key], budget)[key]) or id_

    def _attempt(self, id_: PersonId, told: Told, budget: Budget) -> Person | None:
        """All writes but the alarm, in their order; None when somebody else wrote one of the rows meanwhile."""
        who, links = keys.person(id_), {visitor: keys.link(visitor) for visitor in told.visitors}
        rows = self._read([who, *links.values()], budget)
        person, rev = parse_person(rows[who], id_)
        linked = {visitor: link_of(rows[key]) for visitor, key in links.items()}
        moved = {visitor: old or OF_VISITOR + visitor for visitor, old in linked.items() if old != id_}
        before = self._others(sorted(set(moved.values()) - {id_}), budget)
        after = merged(person, told, [one for one, _ in before if one.id.startswith(OF_VISITOR)])
        is_kept = after == person and rev is not None
        if not (is_kept or self.table.replace(who, row_of(after, rev), rev, budget.left_s("table"))):
            return None
        if not all(self._part(old, old_rev, moved.keys(), id_, budget) for old, old_rev in before):
            return None
        if not all(self._link(links[visitor], rows[links[visitor]], id_, budget) for visitor in moved):
            return None
        alone = [keys.person(OF_VISITOR + visitor) for visitor in moved if OF_VISITOR + visitor != id_]
        gone = [keys.link(visitor) for visitor in person.visitors if visitor not in after.visitors]
        if alone or gone:
            self.table.delete([*alone, *gone])
        return after

    def _others(self, ids: Collection[PersonId], budget: Budget) -> list[tuple[Person, int | None]]:
        """Those who had the visitors so far, with their revisions."""
        rows = self._read([keys.person(one) for one in ids], budget) if ids else {}
        return [parse_person(rows[keys.person(one)], one) for one in ids]

    def _part(self, old: Person, rev: int | None, moved: Collection[VisitorId], to: PersonId, budget: Budget) -> bool:
        """Take visitors from a person; whether nobody else wrote it meanwhile."""
        left = replace(old, visitors=tuple(one for one in old.visitors if one not in moved))
        if left != old and not self.table.replace(keys.person(old.id), row_of(left, rev), rev, budget.left_s("table")):
            return False
        return not old.id.startswith(OF_VISITOR) or self._absorb(old.id, to, budget)

    def _absorb(self, old: PersonId, to: PersonId, budget: Budget) -> bool:
        """Let nobody work on the old person any more, and the new one remember what it was sent."""
        source, target = keys.outreach(old), keys.outreach(to)
        rows = self._read([source, target], budget)
        theirs, ours = parse_state(rows[source]), parse_state(rows[target])
        if theirs.rev is None:
            return True
        now_ms = self._now_ms()
        at_rest = theirs.successor(replace(theirs.state, due_ms=None), old, now_ms)
        if not self.table.replace(source, at_rest, theirs.rev, budget.left_s("table")):
            return False
        state = with_history(ours.state, theirs.state)
        if state == ours.state:
            return True
        return self.table.replace(target, ours.successor(state, to, now_ms), ours.rev, budget.left_s("table"))

    def _link(self, key: Key, row: Row | Absent, to: PersonId, budget: Budget) -> bool:
        rev = None if isinstance(row, Absent) else row.get("rev")
        if rev is not None and not isinstance(rev, int):
            raise DamagedRow("table", "a visitor's link to a person is damaged")
        return self.table.replace(key, {"person": to, "rev": (rev or 0) + 1}, rev, budget.left_s("table"))

    def _read(self, wanted: Sequence[Key], budget: Budget) -> Mapping[Key, Row | Absent]:
        return self.table.read(wanted, min(READ_TIMEOUT_S, budget.left_s("table")), latest=True)

    def _now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)
