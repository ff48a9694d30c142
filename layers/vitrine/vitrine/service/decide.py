"""Decide one page view against real stores: one deadline for all of it, caches, exact counts, a record of it all."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

from vitrine.decisions.answers import Decision
from vitrine.decisions.body import NO_PROOFS, decision_body, proofs_of
from vitrine.decisions.context import Context, DecisionRequest, resolve_context
from vitrine.decisions.ladder import EXERCISE, EXERCISE_SHARE, IDENTITY, is_exercise, told_outside
from vitrine.decisions.pipeline import decide
from vitrine.decisions.record import record_of
from vitrine.decisions.release import Release
from vitrine.decisions.rollout import Trial
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidField
from vitrine.ports import Clock, NewId, PageTable, Stream
from vitrine.service.card_cache import CardCache
from vitrine.service.claims import Counter
from vitrine.service.countdown import MODEL_UNTIL, RECORD_UNTIL, Countdown
from vitrine.service.pace import Pace, PacedRanker
from vitrine.service.recorder import Recorder
from vitrine.service.release_rows import ReleaseRows
from vitrine.service.releases import Releases, Serving
from vitrine.service.sources import Environment, LiveSources, NoSources, Sources
from vitrine.service.traffic import TrafficNotes
from vitrine.service.trial import TrialRanker
from vitrine.service.weather_rows import WeatherRows
from vitrine.types import VisitorId
from vitrine.values import dataclass, field
from vitrine.visitors.consent import may_recognise, recognised
from vitrine.visitors.identity import KeySource, TokenKeys, keys_for, new_visitor, renew, verify


@dataclass(frozen=True, slots=True)
class Strain:
    """What operators should hear of a decision beside its answer.

    `faults` are (dependency, how) of every call that failed. `lost_records` counts records that were lost since the
    decision before. `as_of_ms` is the instant that the lists look back from, 0 for a bundle without lists.
    """

    faults: tuple[tuple[str, str], ...] = ()
    lost_records: int = 0
    is_late: bool = False
    is_exercise: bool = False
    as_of_ms: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision and its canonical JSON, the visitor's token, and how long the stages took, in milliseconds.

    `token` is a fresh one for a first call, None for a visitor who did not agree to be recognised. `trial` is what the
    decision told of a challenger, None when none was asked. `proofs` of countdowns' ends, by placement, are no part of
    the body; a dry run has none, because it remembers no end.
    """

    decision: Decision
    body: bytes
    token: str | None
    timings_ms: Mapping[str, float]
    trial: Trial | None = None
    strain: Strain = Strain()
    proofs: Mapping[str, str] = field(default_factory=dict)


class DecideService:
    """Decides page views. One instance serves one execution environment, one request at a time."""

    def __init__(
        self,
        table: PageTable,
        releases: Releases,
        records: Stream,
        token_keys: KeySource,
        clock: Clock,
        new_id: NewId,
        entropy: Callable[[int], bytes],
        seconds: Callable[[], float] = time.perf_counter,
        exercise_share: float = EXERCISE_SHARE,
        held_rows_bytes: int = 24 << 20,
    ) -> None:
        """`seconds` is a clock that never goes back; `exercise_share` of page views take the ladder's last rung."""
        counter = Counter(table, seconds)
        rows = ReleaseRows(held_rows_bytes)
        self._environment = Environment(table, releases, clock, counter, CardCache(), rows, WeatherRows())
        self._token_keys = token_keys
        self._entropy = entropy
        self._new_id = new_id
        self._seconds = seconds
        self._exercise_share = exercise_share
        self._pace = Pace(seconds)
        self._served = releases.pinned()
        self._paced = _paced(self._served, self._pace)
        self._traffic = TrafficNotes(table)
        self._recorder = Recorder(records)
        self._told_lost = 0

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
        countdown = Countdown(request.options.deadline_ms, self._seconds)
        signing = keys_for(token, self._token_keys)
        request = self._identified(token, device_token, request, signing)
        now = self._environment.clock()
        serving = self._environment.releases.serving()
        context = resolve_context(self._new_id(now), now, request, serving.release.store)
        exercised = not request.options.dry_run and is_exercise(context.decision, self._exercise_share)
        release, trial = self._in_time(serving, context, countdown)
        self._environment.cards.adopt(release.cards)
        sources: Sources = NoSources()
        if not exercised:
            sources = LiveSources(self._environment, context.request, release.lists, countdown)
        tape = Tape(packed=release.cards)
        decision = decide(
            context,
            release,
            tape.reading(sources.read),
            tape.reading_cards(sources.read_cards),
            tape.claiming(sources.claim),
            countdown.lap,
        )
        befell = {IDENTITY: signing is None, EXERCISE: exercised}
        decision = told_outside(decision, [stage for stage, did in befell.items() if did])
        body = decision_body(decision)
        told = None if trial is None else trial.trial
        if not request.options.dry_run:
            self._record(context, decision, request.visitor, tape, body, told, countdown)
            if not sources.faults:
                self._traffic.note(sources.weather_cell, now, countdown.left_s(RECORD_UNTIL))
            countdown.lap("record")
        self._environment.releases.settle(countdown.left_s(RECORD_UNTIL))
        return Outcome(
            decision,
            body,
            renew(token, request.visitor, signing) if request.visitor and signing else None,
            countdown.laps,
            told,
            Strain(tuple(sources.faults), self._newly_lost(), countdown.is_over, exercised, release.as_of_ms),
            NO_PROOFS if request.options.dry_run else _proofs(decision, request.visitor, signing),
        )

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

    def _in_time(self, serving: Serving, context: Context, countdown: Countdown) -> tuple[Release, TrialRanker | None]:
        """The release with a ranker that keeps to the request's time, and that ranker's trial if it has one."""
        self._pace.begin(countdown)
        if self._served is not serving.release:
            self._served, self._paced = serving.release, _paced(serving.release, self._pace)
        champion = self._paced.ranker
        if serving.challenger is None or champion is None:
            return self._paced, None
        trial = serving.challenger.beside(champion, context, lambda: countdown.left_s(MODEL_UNTIL))
        return (self._paced if trial is None else replace(self._paced, ranker=trial)), trial

    def _record(
        self,
        context: Context,
        decision: Decision,
        visitor: VisitorId | None,
        tape: Tape,
        body: bytes,
        trial: Trial | None,
        countdown: Countdown,
    ) -> None:
        if may_recognise(context.request.consent):
            record = record_of(context, decision, visitor, tape, sha256(body).hexdigest(), trial)
            self._recorder.record(record, countdown.left_s(RECORD_UNTIL))

    def _newly_lost(self) -> int:
        """Records that were lost since this was last asked."""
        lost, self._told_lost = self._recorder.lost - self._told_lost, self._recorder.lost
        return lost


def _paced(release: Release, pace: Pace) -> Release:
    return release if release.ranker is None else replace(release, ranker=PacedRanker(release.ranker, pace))


def _proofs(decision: Decision, visitor: VisitorId | None, signing: TokenKeys | None) -> Mapping[str, str]:
    return NO_PROOFS if visitor is None or signing is None else proofs_of(decision, visitor, signing)


def _visitor(token: str | None, signing: TokenKeys | None) -> VisitorId | None:
    return verify(token, signing) if token is not None and signing is not None else None
