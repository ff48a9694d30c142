"""The page views of one window, held in memory: of all visitors or, where they are too many, of a fixed part of them.

Visitors are drawn rather than page views, so that the arms of a canary keep whole visitors and every count of a window
is thinned alike. A visitor's hash says whether they are drawn: the sample does not depend on the order of the lines,
and two runs over one window judge the same page views.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

from vitrine.refresh.trial_lines import View
from vitrine.types import ItemId, VisitorId

MOST_OF_ONE: Final = 200
"""Page views of one visitor in one window; whoever has more is a machine, and the rest of theirs are left out."""


class Sample:
    """At most `most` views. `share` is the part of the visitors that they are of: 1, or a half, a quarter and so on."""

    def __init__(self, views: Iterable[View], most: int, seed: str) -> None:
        self.share = 1.0
        self._most = most
        self._seed = seed
        self._by_visitor: dict[str, list[View]] = {}
        self._decisions: set[str] = set()
        for view in views:
            self._add(view)

    def __len__(self) -> int:
        """Views."""
        return len(self._decisions)

    def __iter__(self) -> Iterator[View]:
        """The views, by visitor."""
        for views in self._by_visitor.values():
            yield from views

    def holds(self, decision: str) -> bool:
        """Whether the decision is among the views."""
        return decision in self._decisions

    def last_offer(self, visitor: VisitorId, item: ItemId, from_ms: int, to_ms: int) -> str | None:
        """The last decision with from_ms <= at_ms <= to_ms that showed the visitor this item."""
        views = self._by_visitor.get(visitor, ())
        offers = [(one.at_ms, one.decision) for one in views if from_ms <= one.at_ms <= to_ms and item in one.items]
        return max(offers)[1] if offers else None

    def _add(self, view: View) -> None:
        """Hold a view, once; the sample is halved when there are too many."""
        if view.decision in self._decisions or not self._is_drawn(_whose(view)):
            return
        views = self._by_visitor.setdefault(_whose(view), [])
        if len(views) < MOST_OF_ONE:
            views.append(view)
            self._decisions.add(view.decision)
        while len(self) > self._most:
            self._halve()

    def _halve(self) -> None:
        self.share /= 2
        self._by_visitor = {name: views for name, views in self._by_visitor.items() if self._is_drawn(name)}
        self._decisions = {view.decision for view in self}

    def _is_drawn(self, name: str) -> bool:
        if self.share == 1.0:
            return True
        digest = blake2b(f"{self._seed} {name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < self.share * 2**64


def _whose(view: View) -> str:
    """The visitor; who is not known is somebody else each time."""
    return view.visitor or view.decision
