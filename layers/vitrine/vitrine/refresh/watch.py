"""The watch over a trial: closes a window of what was decided and done, judges, and does what the verdict says.

Runs on schedule and by hand. What it learnt lies in `models/trial.json`, of a size that does not grow with traffic; the
note belongs to one stage of one challenger and is begun anew with the next. The stage itself is the pointer's.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson

from vitrine.decisions.release import MODELS, Pointer
from vitrine.decisions.rollout import Rollout, Stage
from vitrine.errors import InvalidModel
from vitrine.ports import Clock, Objects, Table
from vitrine.refresh.champion import read_rejected
from vitrine.refresh.guard import Action, Evidence, Policy, Verdict, judge
from vitrine.refresh.published import read_pointer
from vitrine.refresh.rollout import current_model, end_trial, enter_canary, promote, turn_down
from vitrine.refresh.trial_records import REWARD_MS, ReadLines, observe
from vitrine.values import dataclass

NOTE: Final = f"{MODELS}trial.json"
DECISIONS: Final = "decisions/"
EVENTS: Final = "events/raw/"
ARRIVAL_MS: Final = 10 * 60_000
"""Firehose gathers for five minutes; what was decided and done until so long ago has arrived."""


@dataclass(frozen=True, slots=True)
class TrialNote:
    """What is known of a trial: whose and which stage's, up to which instant, and what was made of it last."""

    model: str
    stage: Stage
    since_ms: int
    until_ms: int
    evidence: Evidence
    verdict: Verdict

    def is_of(self, rollout: Rollout) -> bool:
        """Whether the note belongs to the trial as it stands."""
        return (self.model, self.stage, self.since_ms) == (rollout.model, rollout.stage, rollout.since_ms)

    def to_bytes(self) -> bytes:
        """JSON."""
        told = {name: getattr(self, name) for name in ("model", "stage", "since_ms", "until_ms", "verdict")}
        return orjson.dumps({**told, "evidence": self.evidence.to_plain()}, option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True)
class Watched:
    """What one run of the watch came to. `action` is None without a trial, or while its window is not full.

    `damaged` lines of the lake were left out of what it looked at.
    """

    model: str | None
    stage: Stage | None
    action: Action | None
    reason: str
    damaged: int = 0

    @property
    def summary(self) -> str:
        """In one line."""
        if self.model is None:
            return self.reason
        left_out = f"; {self.damaged:,} damaged lines of the lake left out" if self.damaged else ""
        return f"{self.model}, {self.stage}: {self.action or 'wait'} ({self.reason}){left_out}"


@dataclass(frozen=True, slots=True)
class Watch:
    """Watches the trial of a stack."""

    table: Table
    objects: Objects
    read_lines: ReadLines
    clock: Clock
    policy: Policy

    def run(self) -> Watched:
        """Look at what has happened since the last run, and act on it.

        Raises:
            InvalidRelease: the pointer, the release or the challenger's files are damaged, or others change the pointer
                again and again. The trial is as it was.
            DependencyFailed: table or bucket do not answer.
        """
        pointer = read_pointer(self.table)
        if pointer is None or pointer.rollout is None:
            return Watched(None, None, None, "no challenger is on trial")
        rollout = pointer.rollout
        if self._is_over(pointer, rollout):
            end_trial(self.table, rollout.model)
            return Watched(rollout.model, rollout.stage, None, "its trial was decided before, and is ended now")
        return self._judged(rollout)

    def _is_over(self, pointer: Pointer, rollout: Rollout) -> bool:
        """Whether a run that was killed has decided the trial already, or a refresh has brought the same ranker."""
        return rollout.model in read_rejected(self.objects) or current_model(self.objects, pointer) == rollout.model

    def _judged(self, rollout: Rollout) -> Watched:
        note = read_note(self.objects)
        if note is None or not note.is_of(rollout):
            begun = Verdict("go on", "it has just begun")
            note = TrialNote(rollout.model, rollout.stage, rollout.since_ms, rollout.since_ms, Evidence(), begun)
        now = self.clock()
        if note.verdict.action != "go on":  # the run that came to this verdict was killed before it acted
            return self._act(rollout, note.verdict, now)
        to_ms = min(_ms(now) - REWARD_MS - ARRIVAL_MS, note.until_ms + self.policy.max_window_ms)
        if to_ms <= note.until_ms:
            return Watched(rollout.model, rollout.stage, None, "nothing has arrived yet")
        seen = observe(
            self.read_lines(DECISIONS, note.until_ms, to_ms),
            self.read_lines(EVENTS, note.until_ms, to_ms + REWARD_MS),
            rollout,
            self.policy,
            note.until_ms,
            to_ms,
        )
        n, least = seen.window.trials, self.policy.min_trials
        if n < least and to_ms < note.until_ms + self.policy.max_window_ms:
            told = f"{n} page views tried so far, {least} close a window"
            return Watched(rollout.model, rollout.stage, None, told, seen.window.damaged)
        evidence = note.evidence.plus(seen.window, seen.canary, seen.control)
        verdict = judge(evidence, rollout.stage, self.policy, rollout.since_ms, to_ms)
        self.objects.put(NOTE, replace(note, until_ms=to_ms, evidence=evidence, verdict=verdict).to_bytes())
        return replace(self._act(rollout, verdict, now), damaged=seen.window.damaged)

    def _act(self, rollout: Rollout, verdict: Verdict, now: datetime) -> Watched:
        match verdict.action:
            case "roll back":
                turn_down(self.table, self.objects, rollout.model, verdict.reason, now)
            case "canary":
                enter_canary(self.table, rollout, now, self.policy)
            case "promote":
                promote(self.table, self.objects, rollout.model, now)
            case "go on":
                pass
        return Watched(rollout.model, rollout.stage, verdict.action, verdict.reason)


def read_note(objects: Objects) -> TrialNote | None:
    """What was learnt in the last trial; None before the first.

    Raises:
        InvalidModel: the note is damaged.
    """
    data = objects.get(NOTE)
    if data is None:
        return None
    try:
        plain = orjson.loads(data)
        return TrialNote(
            model=plain["model"],
            stage=plain["stage"],
            since_ms=plain["since_ms"],
            until_ms=plain["until_ms"],
            evidence=Evidence.from_plain(plain["evidence"]),
            verdict=Verdict(**plain["verdict"]),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise InvalidModel(f"{NOTE} is damaged: {error!r}") from error


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
