"""Visits to learn from and to judge on, replayed against the rows as they stood before them.

Every step of a visit is a page view of which we know what was looked at next. Rows are made of older visits alone, and
candidates and features come from `decisions`, so that a ranker meets in serving what it met in training.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import code
from vitrine.decisions.session import MAX_VIEWS, SessionCandidates, items_to_read, merge
from vitrine.decisions.session_features import SESSION_FEATURES, session_features
from vitrine.ports import Progress
from vitrine.refresh.network import Groups
from vitrine.refresh.session_builder import RowTable
from vitrine.refresh.sessions import Floats, Indices, Sessions
from vitrine.types import ItemId
from vitrine.values import dataclass

STAGE: Final = "replay visits"


@dataclass(frozen=True, slots=True)
class Step:
    """The items looked at so far, newest first, and the one looked at next."""

    visit: Sequence[ItemId]
    following: ItemId


class Shelf:
    """Rows by item id, as a reader of the table has them."""

    def __init__(self, table: RowTable) -> None:
        self._table = table
        self._index = {table.ids[item]: int(item) for item in table.known()}

    def see(self, visit: Sequence[ItemId]) -> tuple[SessionCandidates, Floats]:
        """Candidates of a visit and their features [n, d], as serving computes them."""
        read = [
            (place, self._table.row(self._index[item]))
            for place, item in enumerate(items_to_read(visit))
            if item in self._index
        ]
        candidates = merge(visit[:MAX_VIEWS], read)
        return candidates, session_features(candidates)


def steps(sessions: Sessions, max_steps: int, rng: np.random.Generator) -> list[Step]:
    """At most `max_steps` steps of these visits, drawn evenly, in the order of time."""
    owners = sessions.owners()
    last = np.flatnonzero(owners[1:] == owners[:-1]) + 1  # views that follow another one of their visit
    if len(last) > max_steps:
        last = np.sort(rng.choice(last, max_steps, replace=False))
    return [_step(sessions, int(at), int(sessions.starts[owners[at]])) for at in last]


def _step(sessions: Sessions, at: int, start: int) -> Step:
    seen = sessions.items[max(start, at - MAX_VIEWS) : at][::-1]
    return Step([sessions.ids[item] for item in seen], sessions.ids[sessions.items[at]])


class Examples:
    """Candidates of many steps, gathered one step at a time: all of them, or `negatives` sampled ones of each step."""

    def __init__(self, rng: np.random.Generator, negatives: int | None) -> None:
        self._rng = rng
        self._negatives = negatives
        self._rows: list[Floats] = []
        self._wanted: list[NDArray[np.bool_]] = []
        self._stands_for: list[Floats] = []
        self.n_steps = 0

    def add(self, shelf: Shelf, some: Sequence[Step], progress: Progress) -> None:
        """Candidates of these steps; a step whose next item is no candidate counts, and teaches nothing."""
        for done, step in enumerate(some, 1):
            candidates, rows = shelf.see(step.visit)
            self._sample(candidates, rows, code(step.following))
            self.n_steps += 1
            if done % 500 == 0 or done == len(some):
                progress(STAGE, done, len(some))

    def groups(self) -> Groups:
        """All that was gathered; nothing is kept."""
        found, self._rows = self._rows, []
        sizes = [len(part) for part in self._wanted]
        starts: Indices = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return Groups(
            rows=np.concatenate([np.empty((0, len(SESSION_FEATURES)), np.float32), *found]),
            bought=np.concatenate([np.empty(0, np.bool_), *self._wanted]),
            starts=starts,
            stands_for=np.concatenate([np.empty(0, np.float32), *self._stands_for]),
        )

    def _sample(self, candidates: SessionCandidates, rows: Floats, following: int) -> None:
        """The next item, all items of the visit, and the others or as many of them, drawn evenly."""
        wanted = candidates.keys == following
        if not wanted.any():
            return
        always = wanted.copy()
        always[candidates.views] = True
        others = np.flatnonzero(~always)
        drawn = others
        if self._negatives is not None and len(others) > self._negatives:
            drawn = np.sort(self._rng.choice(others, self._negatives, replace=False))
        kept = np.concatenate([np.flatnonzero(always), drawn])
        stands_for: Floats = np.zeros(len(kept), np.float32)
        stands_for[len(kept) - len(drawn) :] = np.log(len(others) / len(drawn)) if len(drawn) else 0.0
        self._rows.append(rows[kept])
        self._wanted.append(wanted[kept])
        self._stands_for.append(stands_for)


def ranks(scores: Floats, groups: Groups) -> Indices:
    """The rank of each group's wanted item among all its candidates, 1 is best; ties count against it."""
    wanted = np.repeat(scores[groups.bought], np.diff(groups.starts))  # each group wants one item
    found: Indices = np.add.reduceat((scores >= wanted).astype(np.int64), groups.starts[:-1])
    return found
