"""Champion, challenger and those turned down, as people see them: for the command line and the refresh report."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from vitrine.decisions.rollout import Rollout
from vitrine.ports import Objects, Table
from vitrine.refresh.champion import Crown, Rejection, read_crown, read_rejected
from vitrine.refresh.drift import DRIFT, parse_drifts
from vitrine.refresh.evaluation import gain
from vitrine.refresh.gate import Check
from vitrine.refresh.guard import Policy, Window, guard_interval
from vitrine.refresh.published import read_pointer
from vitrine.refresh.report import BarFigure, Cell, Section, TableFigure, Tone
from vitrine.refresh.rollout import current_model
from vitrine.refresh.watch import TrialNote, read_note
from vitrine.values import dataclass

if TYPE_CHECKING:
    from vitrine.refresh.training import TrainedRanker

SHOWN_WINDOWS: Final = 12
HEADS: Final = (
    "until",
    "decisions",
    "tried",
    "failed",
    "late",
    "constant",
    "slow",
    "at odds",
    "p99 ms",
    "champion",
    "overlap",
)


@dataclass(frozen=True, slots=True)
class ModelLife:
    """Where the rankers of a stack stand. `served` is the ranker of the current release; `note` tells of the last
    trial, `policy` are the terms it is judged by."""

    served: str | None
    crown: Crown
    rollout: Rollout | None
    note: TrialNote | None
    rejected: Mapping[str, Rejection]
    policy: Policy


def read_life(table: Table, objects: Objects, policy: Policy) -> ModelLife:
    """The state of a stack.

    Raises:
        InvalidRelease: the pointer or a note is damaged.
        DependencyFailed: table or bucket do not answer.
    """
    pointer = read_pointer(table)
    return ModelLife(
        served=None if pointer is None else current_model(objects, pointer),
        crown=read_crown(objects),
        rollout=None if pointer is None else pointer.rollout,
        note=read_note(objects),
        rejected=read_rejected(objects),
        policy=policy,
    )


def life_lines(life: ModelLife) -> Iterator[str]:
    """The state in lines for a terminal."""
    yield f"champion    {life.served or 'unknown'}{_crown_note(life)}"
    yield f"challenger  {trial_words(life.rollout) if life.rollout else 'none'}"
    if life.note is not None:
        verdict = life.note.verdict
        yield f"last trial  {life.note.model}, {life.note.stage}: {verdict.action}, {verdict.reason}"
        yield from (f"            {line}" for line in _guard_lines(life, life.note))
        yield "  ".join(f"{head:>9}" for head in HEADS)
        for row in window_rows(life.note.evidence.windows[-SHOWN_WINDOWS:]):
            yield "  ".join(f"{'-' if cell is None else cell:>9}" for cell in row)
    for name, rejection in life.rejected.items():
        yield f"turned down {name}, {_minute(rejection.at_ms)}, {rejection.stage}: {rejection.reason}"


def trial_words(rollout: Rollout) -> str:
    """A trial in a few words."""
    whom = "decisions, unseen" if rollout.stage == "shadow" else "visitors"
    since = _minute(rollout.since_ms)
    return f"{rollout.model} in the {rollout.stage}: {rollout.share:.0%} of the {whom}, since {since}"


def window_rows(windows: Sequence[Window]) -> list[tuple[Cell, ...]]:
    """A row under HEADS per window."""
    return [
        (
            f"{datetime.fromtimestamp(one.to_ms / 1000, UTC):%d %H:%M}",
            *(one.decisions, one.trials, one.failed, one.late, one.constant, one.slow, one.at_odds),
            *(one.ms, one.champion_ms, one.overlap),
        )
        for one in windows
    ]


def gate_sections(trained: "TrainedRanker", checks: Sequence[Check], outcome: str) -> list[Section]:
    """For the report of a refresh that trained a ranker: its gate with every bound, its gains, how features moved.

    `outcome` says in a sentence what became of it.
    """
    tone: Tone = "good" if all(check.is_passed for check in checks) else "warning"
    rows = [(check.name, check.found, check.bound, "passed" if check.is_passed else "refused") for check in checks]
    gate = TableFigure("Every check of the gate", ("check", "found", "asked for", "outcome"), rows)
    return [
        Section(f"Model against champion: {trained.manifest.id}", outcome, [_gains(trained), gate], tone),
        _drift_section(trained.manifest.training),
    ]


def life_section(life: ModelLife) -> Section:
    """For the report: who is champion, who is on trial and how that goes, who was turned down."""
    verdict = f"{life.served or 'An unknown ranker'} serves; " + (
        f"on trial is {trial_words(life.rollout)}." if life.rollout else "no challenger is on trial."
    )
    figures = []
    if life.note is not None:
        told = f"Windows of the trial of {life.note.model}, {life.note.stage}: {life.note.verdict.reason}"
        figures.append(TableFigure(told, HEADS, window_rows(life.note.evidence.windows[-SHOWN_WINDOWS:])))
    if life.rejected:
        rows = [(name, one.stage, _minute(one.at_ms), one.reason) for name, one in life.rejected.items()]
        figures.append(TableFigure("Turned down", ("ranker", "stage", "when", "why"), rows))
    return Section("Rankers on trial", verdict, figures)


def _gains(trained: "TrainedRanker") -> TableFigure:
    """Gains in NDCG@10 with their intervals, on the choose weeks and on the test weeks."""
    seed = trained.manifest.training["seed"]
    rows: list[tuple[Cell, ...]] = [
        (weeks, rival, *(round(value, 4) for value in gain(results, "model", rival, "ndcg10", seed)))
        for weeks, results in (("choose", trained.choose), ("test", trained.test))
        for rival in results.methods
        if rival != "model"
    ]
    caption = "Gain of the ranker in NDCG@10, with paired 95 % intervals over visitors"
    return TableFigure(caption, ("weeks", "over", "mean", "low", "high"), rows)


def _drift_section(facts: Mapping[str, Any]) -> Section:
    drifts = sorted(parse_drifts(facts.get(DRIFT)), key=lambda drift: -drift.psi / drift.bound)
    beyond = [drift.feature for drift in drifts if drift.is_too_far]
    verdict = f"Beyond their bounds: {', '.join(beyond)}." if beyond else "Every feature is within its bound."
    series = {"PSI": [drift.psi for drift in drifts], "bound": [drift.bound for drift in drifts]}
    caption = "Population stability index of each feature since training"
    figures = [BarFigure(caption, [drift.feature for drift in drifts], series)] if drifts else []
    return Section("Drift of the ranker's features", verdict, figures, "warning" if beyond else "good")


def _guard_lines(life: ModelLife, note: TrialNote) -> Iterator[str]:
    canary, control = note.evidence.canary, note.evidence.control
    loss = guard_interval(note.evidence, life.policy)
    if note.stage == "canary" and loss is not None:
        arms = f"{canary.rate:.4f} of {canary.n:,} against {control.rate:.4f} of {control.n:,}"
        yield f"rewarded decisions {arms}: {loss.mean:+.4f} [{loss.low:+.4f}, {loss.high:+.4f}]"


def _crown_note(life: ModelLife) -> str:
    if life.crown.model is None:
        return " (bundled; the bucket names none)"
    before = f", before it {life.crown.previous}" if life.crown.previous else ""
    return before if life.crown.model == life.served else f", the next release carries {life.crown.model}"


def _minute(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
