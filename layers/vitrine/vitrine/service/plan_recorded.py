"""Page views on record as views of a plan: decided again from what was read then, under another store.

The release is the one of then, but for its store. What that store asks for and nobody read then (the budget of a new
campaign, the shelf that it names) is read now. Claims are granted, also those that were refused then. Visitors stay in
the region in which they were, also where the store draws its regions otherwise: where exactly they were is not kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import PackedCards
from vitrine.decisions.answers import Decision
from vitrine.decisions.context import resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.player import Player
from vitrine.decisions.record import Recorded, parse_record
from vitrine.decisions.release import Release
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidRecord, InvalidRelease
from vitrine.service.plan_inputs import LiveInputs, grant, ignore_stage, known_placements
from vitrine.types import Absent, ItemId, Key, PageType, ReleaseId, Rows
from vitrine.values import dataclass

RELEASES_HELD: Final = 8


@dataclass(frozen=True, slots=True)
class RecordedView:
    """One page view on record."""

    recorded: Recorded

    @property
    def who(self) -> str:
        """See plan.View."""
        request = self.recorded.request
        kind = "an anonymous" if request.visitor is None else "a new" if request.is_first else "a returning"
        return f"{kind} visitor, {request.device}"

    @property
    def page(self) -> PageType:
        """See plan.View."""
        return self.recorded.request.page.type


def recorded_views(lines: Iterable[bytes]) -> Iterator[RecordedView]:
    """The page views in lines of the log; what cannot be read, or is of another version, is left out."""
    for line in lines:
        try:
            yield RecordedView(parse_record(line))
        except InvalidRecord:
            continue


class RecordedDecisions:
    """Decides page views on record; see plan.DecideView."""

    def __init__(self, live: LiveInputs, load_release: Callable[[ReleaseId], Release]) -> None:
        self._live = live
        self._load_release = lru_cache(RELEASES_HELD)(load_release)

    def __call__(self, view: RecordedView, release: Release, /, *, explain: bool = False) -> Decision | None:
        """The decision under the release's store; None when release, rows or regions of then are gone."""
        recorded = view.recorded
        try:
            of_then = self._load_release(recorded.release)
        except InvalidRelease:
            return None
        if of_then.store.regions != release.store.regions:
            return None
        inputs = _Inputs(recorded.tape, self._live, of_then.cards)
        placements = known_placements(recorded.request, release.store)
        options = replace(recorded.request.options, explain=explain)
        request = replace(recorded.request, placements=placements, options=options)
        context = resolve_context(recorded.decision, recorded.now, request, release.store, recorded.whereabouts)
        with_store = replace(of_then, store=release.store)
        decision = decide(context, with_store, inputs.read, inputs.read_cards, grant, ignore_stage)
        return None if inputs.player.gone else decision


class _Inputs:
    """The inputs of one decision: those of then where they were read then, those of now elsewhere."""

    def __init__(self, tape: Tape, live: LiveInputs, packed: PackedCards) -> None:
        self.player = Player(tape, live.read, packed)
        self._live = live
        self._keys = {key for key, _ in tape.rows}
        self._items = {item for item, _ in tape.cards}

    def read(self, wanted: Sequence[Key]) -> Rows:
        then = self.player.read([key for key in wanted if key in self._keys])
        return {**then, **self._live.read([key for key in wanted if key not in self._keys])}

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        then = self.player.read_cards([item for item in items if item in self._items])
        return {**then, **self._live.read_cards([item for item in items if item not in self._items])}
