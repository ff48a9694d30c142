"""Decide one page view against real stores: a deadline around the reads, caches, exact counts, a record of it all."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from vitrine import keys
from vitrine.catalog.items import Card, parse_card
from vitrine.decisions.answers import Decision
from vitrine.decisions.body import decision_body
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import Context, DecisionRequest, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.reads import weather_cell
from vitrine.decisions.record import record_of
from vitrine.decisions.release import Release
from vitrine.decisions.rollout import Trial
from vitrine.decisions.tape import Tape
from vitrine.errors import DependencyFailed, InvalidField, InvalidRelease
from vitrine.ports import Clock, NewId, Stream, Table
from vitrine.service.claims import Counter
from vitrine.service.recorder import Recorder
from vitrine.service.releases import Releases
from vitrine.service.shelves import ShelfCache
from vitrine.service.traffic import TrafficNotes
from vitrine.types import Absent, ItemId, Key, Row, Rows, VisitorId
from vitrine.visitors.consent import may_recognise, recognised
from vitrine.visitors.identity import KeySource, TokenKeys, keys_for, mint, new_visitor, verify

READ_SHARE: Final = 0.7
"""Share of the deadline that may pass before reads are given up: what follows them needs the rest."""

CLAIM_SHARE: Final = 0.9
"""Share of the deadline that may pass before counting a showing is given up."""

TRIAL_SHARE: Final = 0.6
"""Share of the deadline that may pass before a challenger is given up: the cards of the winners are read after it."""

CARD_TTL: Final = timedelta(seconds=60)
CARD_CACHE_SIZE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision and its canonical JSON, the visitor's token, and how long the stages took, in milliseconds.

    `token` is a fresh one for a first call, None for a visitor who did not agree to be recognised. `trial` is what the
    decision told of a challenger, None when none was asked.
    """

    decision: Decision
    body: bytes
    token: str | None
    timings_ms: Mapping[str, float]
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where inputs come from, and what one execution environment holds of them."""

    table: Table
    releases: Releases
    clock: Clock
    counter: Counter
    cards: "CardCache"
    shelves: ShelfCache


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
        cards = CardCache(CARD_TTL, CARD_CACHE_SIZE)
        self._environment = Environment(table, releases, clock, Counter(table), cards, ShelfCache())
        self._token_keys = token_keys
        self._entropy = entropy
        self._new_id = new_id
        self._traffic = TrafficNotes(table)
        self._recorder = Recorder(records)

    def decide(self, token: str | None, request: DecisionRequest, device_token: str | None = None) -> Outcome:
        """What the token's visitor sees on this page; always an answer, with the stages that gave up named.

        Without signing keys nobody can be recognised: then everybody is a stranger, and `identity` is skipped.

        Raises:
            InvalidToken: a token is not one of ours.
            InvalidField: the request names a placement that the store does not have, or asks for what only
                operators may see.
        """
        if request.options.explain or request.preview is not None:
            raise InvalidField("is for operators, at /v1/explain; the answer's reasons are for all", "options.explain")
        return self._decide(token, request, device_token)

    def explain(self, token: str | None, request: DecisionRequest, device_token: str | None = None) -> Outcome:
        """The same for operators, with an explanation: nothing is counted or recorded.

        Raises:
            InvalidToken: as `decide`.
            InvalidField: as `decide`, or the preview names a region that the store does not have.
        """
        regions = self._environment.releases.pinned().store.regions
        if request.preview is not None and request.preview.region not in (None, *regions):
            raise InvalidField(f"should be one of {', '.join(regions)}", "preview.region")
        options = replace(request.options, explain=True, dry_run=True)
        return self._decide(token, replace(request, options=options), device_token)

    def _decide(self, token: str | None, request: DecisionRequest, device_token: str | None) -> Outcome:
        watch = Stopwatch()
        signing = keys_for(token, self._token_keys)
        request = self._identified(token, device_token, request, signing)
        visitor = request.visitor
        now = self._environment.clock()
        serving = self._environment.releases.serving()
        release = serving.release
        context = resolve_context(self._new_id(now), now, request, release.store)
        both = None
        if serving.challenger is not None and release.ranker is not None:
            until_s = request.options.deadline_ms / 1000 * TRIAL_SHARE
            both = serving.challenger.beside(release.ranker, context, lambda: until_s - watch.elapsed_s())
            release = release if both is None else replace(release, ranker=both)
        sources = _Sources(self._environment, context, release, watch)
        tape = Tape()
        decision = decide(
            context,
            release,
            tape.reading(sources.read),
            tape.reading_cards(sources.read_cards),
            tape.claiming(sources.claim),
            watch.lap,
        )
        if signing is None:
            decision = replace(decision, skipped=("identity", *decision.skipped))
        body = decision_body(decision)
        trial = None if both is None else both.trial
        if not request.options.dry_run:
            if may_recognise(request.consent):
                left_s = request.options.deadline_ms / 1000 - watch.elapsed_s()
                record = record_of(context, decision, visitor, tape, sha256(body).hexdigest(), trial)
                self._recorder.record(record, left_s)
            self._traffic.note(weather_cell(context, release), now)
            watch.lap("record")
        return Outcome(decision, body, mint(visitor, signing) if visitor and signing else None, watch.laps, trial)

    def _identified(
        self, token: str | None, device_token: str | None, request: DecisionRequest, signing: TokenKeys | None
    ) -> DecisionRequest:
        """The request with who asks: the token's visitor, or a new one who agreed to become known."""
        known = recognised(_visitor(token, signing), request.consent)
        before = recognised(_visitor(device_token, signing), request.consent)
        is_first = known is None and signing is not None and may_recognise(request.consent)
        visitor = new_visitor(self._entropy) if is_first else known
        return replace(
            request, visitor=visitor, is_first=is_first, device_visitor=before if before != visitor else None
        )


class _Sources:
    """Where one request's inputs come from: caches first, then the table while time is left."""

    def __init__(self, environment: Environment, context: Context, release: Release, watch: "Stopwatch") -> None:
        self._environment = environment
        self._context = context
        self._release = release
        self._watch = watch
        self._deadline_s = context.request.options.deadline_ms / 1000

    def read(self, wanted: Sequence[Key]) -> Rows:
        """Rows of the keys, all NOT_READ when the table fails or no time is left."""
        held = self._environment.shelves.find(wanted)
        missing = [key for key in wanted if key not in held]
        rows = self._read(missing) if missing else {}
        self._environment.shelves.keep(rows, self._release.lists)
        if keys.RELEASE_POINTER in rows:
            self._environment.releases.notice(rows[keys.RELEASE_POINTER])
        return {**held, **rows}

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """Live cards of the items."""
        now, cards = self._environment.clock(), self._environment.cards
        cached = cards.find(items, now)
        wanted = {keys.card(item): item for item in items if item not in cached}
        rows = self._read(list(wanted)) if wanted else {}
        fresh = {wanted[key]: _card(row) for key, row in rows.items()}
        cards.keep(fresh, now)
        return {**cached, **fresh}

    def claim(self, claims: Claims) -> ClaimOutcome:
        """Count what is about to be shown; a dry run counts nothing and is granted all."""
        request = self._context.request
        if request.options.dry_run or request.visitor is None:
            return ClaimOutcome()
        left_s = self._deadline_s * CLAIM_SHARE - self._watch.elapsed_s()
        return self._environment.counter.claim(request.visitor, claims, left_s)

    def _read(self, wanted: Sequence[Key]) -> Rows:
        timeout_s = self._deadline_s * READ_SHARE - self._watch.elapsed_s()
        if timeout_s > 0:
            try:
                return self._environment.table.read(wanted, timeout_s)
            except DependencyFailed:
                pass
        return dict.fromkeys(wanted, Absent.NOT_READ)


def _visitor(token: str | None, signing: TokenKeys | None) -> VisitorId | None:
    return verify(token, signing) if token is not None and signing is not None else None


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
        """End a stage: what passed since the last one is its. A stage may come twice."""
        now = time.perf_counter()
        self.laps[stage] = round(self.laps.get(stage, 0.0) + (now - self._last) * 1000, 3)
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
