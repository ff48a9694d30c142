"""Decide one page view against real stores: a deadline around the reads, a card cache, a record of the outcome."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from vitrine import keys
from vitrine.catalog.items import Card, parse_card
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.pipeline import Decision, decide
from vitrine.decisions.record import record_of
from vitrine.errors import DependencyFailed, InvalidField, InvalidRelease
from vitrine.ports import Clock, NewId, Stream, Table
from vitrine.service.recorder import Recorder
from vitrine.service.releases import Releases
from vitrine.types import Absent, ItemId, Key, Row, Rows
from vitrine.visitors.consent import may_recognise, recognised
from vitrine.visitors.identity import KeySource, keys_for, mint, new_visitor, verify

READ_SHARE: Final = 0.7
"""Share of the deadline that may pass before reads are given up: what follows them needs the rest."""

CARD_TTL: Final = timedelta(seconds=60)
CARD_CACHE_SIZE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision, the visitor's token, and how long the stages took, in milliseconds in the order they ran.

    `token` is a fresh one for a first call, None for a visitor who did not agree to be recognised.
    """

    decision: Decision
    token: str | None
    timings_ms: Mapping[str, float]


class DecideService:
    """Decides page views. One instance serves one execution environment, one request at a time."""

    def __init__(
        self,
        table: Table,
        releases: Releases,
        records: Stream,
        token_keys: KeySource,
        clock: Clock,
        new_id: NewId,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._table = table
        self._token_keys = token_keys
        self._entropy = entropy
        self._releases = releases
        self._clock = clock
        self._new_id = new_id
        self._cards = CardCache(CARD_TTL, CARD_CACHE_SIZE)
        self._recorder = Recorder(records)

    def decide(self, token: str | None, request: DecisionRequest) -> Outcome:
        """What the token's visitor sees on this page; always an answer, with the stages that gave up named.

        Without signing keys nobody can be recognised: then everybody is a stranger, and `identity` is skipped.

        Raises:
            InvalidToken: the token is not one of ours.
            InvalidField: the request names a placement that the store does not have, or asks for what only
                operators may see.
        """
        if request.options.explain:
            raise InvalidField("is for operators; decisions explain themselves in their reasons", "options.explain")
        watch = Stopwatch()
        signing = keys_for(token, self._token_keys)
        known = recognised(verify(token, signing) if token is not None and signing else None, request.consent)
        is_new = known is None and signing is not None and may_recognise(request.consent)
        visitor = new_visitor(self._entropy) if is_new else known
        now = self._clock()
        release = self._releases.pinned()
        context = resolve_context(self._new_id(now), now, replace(request, visitor=known), release.store)
        read_until_s = request.options.deadline_ms / 1000 * READ_SHARE

        def read(wanted: Sequence[Key]) -> Rows:
            rows = self._read(wanted, read_until_s - watch.elapsed_s())
            if keys.RELEASE_POINTER in rows:
                self._releases.notice(rows[keys.RELEASE_POINTER])
            return rows

        def read_cards(items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
            cached = self._cards.find(items, now)
            wanted = {keys.card(item): item for item in items if item not in cached}
            rows = self._read(list(wanted), read_until_s - watch.elapsed_s()) if wanted else {}
            fresh = {wanted[key]: _card(row) for key, row in rows.items()}
            self._cards.keep(fresh, now)
            return {**cached, **fresh}

        decision = decide(context, release, read, read_cards, watch.lap)
        if signing is None:
            decision = replace(decision, skipped=("identity", *decision.skipped))
        if not request.options.dry_run:
            left_s = request.options.deadline_ms / 1000 - watch.elapsed_s()
            self._recorder.record(record_of(context, decision, visitor), left_s)
            watch.lap("record")
        return Outcome(decision, mint(visitor, signing) if visitor and signing else None, watch.laps)

    def _read(self, wanted: Sequence[Key], timeout_s: float) -> Rows:
        """Rows of the keys, all NOT_READ when the table fails or no time is left."""
        if timeout_s > 0:
            try:
                return self._table.read(wanted, timeout_s)
            except DependencyFailed:
                pass
        return dict.fromkeys(wanted, Absent.NOT_READ)


def _card(row: Row | Absent) -> Card | Absent:
    """The card in a row; a damaged one is as good as not read."""
    if isinstance(row, Absent):
        return row
    try:
        return parse_card(row)
    except InvalidRelease:
        return Absent.NOT_READ


class Stopwatch:
    """Measures the stages of one request on the monotonic clock."""

    def __init__(self) -> None:
        self._started = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def elapsed_s(self) -> float:
        """Seconds since the request began."""
        return time.perf_counter() - self._started

    def lap(self, stage: str) -> None:
        """End a stage: what passed since the last one is its."""
        now = time.perf_counter()
        self.laps[stage] = round((now - self._last) * 1000, 3)
        self._last = now


class CardCache:
    """Cards by item for a while, the longest held dropped first. Knows absent cards too, never unread ones."""

    def __init__(self, ttl: timedelta, size: int) -> None:
        self._ttl = ttl
        self._size = size
        self._held: OrderedDict[ItemId, tuple[datetime, Card | Absent]] = OrderedDict()

    def find(self, items: Sequence[ItemId], now: datetime) -> dict[ItemId, Card | Absent]:
        """The cards of those items that are held and fresh."""
        found = {}
        for item in items:
            held = self._held.get(item)
            if held is not None and held[0] > now:
                found[item] = held[1]
        return found

    def keep(self, cards: Mapping[ItemId, Card | Absent], now: datetime) -> None:
        """Hold cards that were just read."""
        for item, card in cards.items():
            if card is not Absent.NOT_READ:
                self._held[item] = (now + self._ttl, card)
                self._held.move_to_end(item)
        while len(self._held) > self._size:
            self._held.popitem(last=False)
