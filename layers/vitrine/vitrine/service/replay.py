"""Make a recorded decision again, from its record and from what its release left, and say whether it is the same.

The release is loaded by its id, not by the pointer, which has gone on since. An answer that is not the same byte for
byte has a reason, and the reason is named: an input that is gone, or else what differs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import orjson

from vitrine.decisions.answers import Decision
from vitrine.decisions.body import decision_body
from vitrine.decisions.context import resolve_context
from vitrine.decisions.ladder import OUTSIDE, told_outside
from vitrine.decisions.pipeline import decide
from vitrine.decisions.player import Player
from vitrine.decisions.readable import placements_of
from vitrine.decisions.record import Recorded, digest_of_answer, parse_record
from vitrine.decisions.release import Release
from vitrine.errors import InvalidField, InvalidModel, InvalidRecord, InvalidRelease, UnknownDecision
from vitrine.ports import DecisionLog, Ranker, Table
from vitrine.types import Key, ReleaseId, Rows
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 5.0
RELEASES_HELD: Final = 4  # of some megabytes each
BEYOND_THE_ANSWER: Final = {"considered", "ruled_out", "dropped"}
"""What a record tells of a placement beside its answer; an explanation looks at more campaigns than a decision does."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again. `body` is its JSON, empty when it could not be made at all.

    `gone` names inputs that are not to be had any more, or not as they were; `differs` what is not as it was recorded.
    `recorded` is the readable part of the record, `explanation` is there when it was asked for.
    """

    decision: str
    body: bytes
    identical: bool
    gone: Sequence[str]
    differs: Sequence[str]
    recorded: Mapping[str, Any]
    explanation: Mapping[str, Any] | None = None


class Replay:
    """Replays decisions of the log against the table's rows of their releases. Safe to use from several threads."""

    def __init__(
        self,
        table: Table,
        load_release: Callable[[ReleaseId], Release],
        log: DecisionLog,
        load_model: Callable[[str], Ranker] | None = None,
    ) -> None:
        """`load_model` finds the ranker of an id that was no release's own then, but on trial beside it."""
        self._table = table
        self._load_release = lru_cache(RELEASES_HELD)(load_release)
        self._log = log
        self._load_model = None if load_model is None else lru_cache(RELEASES_HELD)(load_model)

    def replay(self, decision: str, *, explain: bool = False) -> Replayed:
        """The decision of this id, made again.

        Raises:
            InvalidField: it is not the id of a decision.
            UnknownDecision: there is no record of it, or none yet.
            InvalidRecord: its record is damaged or of another format.
            DependencyFailed: the lake, the bucket of releases or the table does not answer.
        """
        line = self._log.find(decision)
        if line is None:
            raise UnknownDecision(
                "there is no record of this decision; one arrives up to five minutes after its answer, and never of"
                " a dry run or of a visitor who did not agree to be recognised"
            )
        return self.replay_record(line, explain=explain)

    def replay_recent(self, n: int) -> Iterator[Replayed]:
        """The last n recorded decisions, roughly the newest first. Raises as `replay` does."""
        return (self.replay_record(line) for line in self._log.recent(n))

    def replay_record(self, line: bytes, *, explain: bool = False) -> Replayed:
        """The decision of a record, made again. Raises as `replay` does."""
        recorded = parse_record(line)
        try:
            release = self._load_release(recorded.release)
        except InvalidRelease as error:
            return _not_made(recorded, gone=f"release {recorded.release}: {error}")
        try:
            release = self._with_model_of(recorded, release)
        except InvalidModel as error:
            return _not_made(recorded, gone=f"ranker {recorded.plain.get('model')}: {error}")
        player = Player(recorded.tape, self._read, release.cards)
        try:
            decision = _decide_again(recorded, release, player, explain=explain)
        except (InvalidField, InvalidRecord) as error:  # a placement that the release has not; another claim
            return _not_made(recorded, player.gone, differs=str(error))
        body = decision_body(decision)
        identical = digest_of_answer(body) == recorded.answer_sha256
        differs = [] if identical else list(differences(recorded.plain, decision))
        gone = tuple(dict.fromkeys(player.gone))
        return Replayed(recorded.decision, body, identical, gone, differs, recorded.plain, decision.explanation)

    def _with_model_of(self, recorded: Recorded, release: Release) -> Release:
        """The release with the ranker that scored then: its own, or the challenger that was on trial."""
        model = recorded.plain.get("model")
        if model is None and "model" in _skipped(recorded):
            return replace(release, ranker=None)  # there was no time for it, or it failed: rank fusion stood in
        trial = recorded.plain.get("trial")
        is_challenger = isinstance(trial, dict) and isinstance(model, str) and trial.get("model") == model
        if not is_challenger or self._load_model is None:
            return release
        return replace(release, ranker=self._load_model(str(model)))

    def _read(self, keys: Sequence[Key]) -> Rows:
        return self._table.read(keys, READ_TIMEOUT_S)


def _decide_again(recorded: Recorded, release: Release, player: Player, *, explain: bool) -> Decision:
    request = replace(recorded.request, options=replace(recorded.request.options, explain=explain))
    context = resolve_context(recorded.decision, recorded.now, request, release.store, recorded.whereabouts)
    decision = decide(context, release, player.read, player.read_cards, player.claim, lambda stage: None)
    return told_outside(decision, [stage for stage in OUTSIDE if stage in _skipped(recorded)])


def _skipped(recorded: Recorded) -> Sequence[Any]:
    """The stages that gave up, as the record has them."""
    skipped = recorded.plain.get("skipped")
    return skipped if isinstance(skipped, list) else ()


def _not_made(recorded: Recorded, gone: Sequence[str] | str = (), differs: str = "") -> Replayed:
    missing = (gone,) if isinstance(gone, str) else tuple(gone)
    return Replayed(recorded.decision, b"", False, missing, (differs,) if differs else (), recorded.plain)


def differences(recorded: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    """What is not as the readable part of the record says; the cards and contents, where all of that is the same."""
    again = orjson.loads(
        orjson.dumps(
            {
                "model": decision.model,
                "region": decision.region,
                "skipped": decision.skipped,
                "placements": placements_of(decision),
            },
            default=list,
        )
    )
    told = False
    for place in ("model", "region", "skipped"):
        if again[place] != recorded.get(place):
            told = True
            yield f"{place}: {_short(recorded.get(place))}, now {_short(again[place])}"
    before = recorded.get("placements")
    for placement, now in again["placements"].items():
        was = before.get(placement, {}) if isinstance(before, dict) else {}
        for name in (name for name in {**was, **now} if name not in BEYOND_THE_ANSWER):
            if now.get(name) != was.get(name):
                told = True
                yield f"{placement}.{name}: {_short(was.get(name))}, now {_short(now.get(name))}"
    if not told:
        yield "something that the record tells only by its digest: cards, contents or the order of placements"


def _short(value: Any, at_most: int = 80) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, list) and all(isinstance(one, dict) and "item" in one for one in value):
        value = [one["item"] for one in value]
    text = orjson.dumps(value).decode()
    return text if len(text) <= at_most else text[: at_most - 3] + "..."
