"""The life of a challenger after its gate: on trial in the shadow, in the canary, then champion, or turned down.

A trial stands in the release pointer and changes by one conditional write, as a release does. What it rests on comes
first: the ranker's files before the trial that names them, the note of a rejection before its end. So whoever is killed
on the way leaves a state that the next run goes on from.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MANIFEST, MODEL, RANKER, Part, Pointer
from vitrine.decisions.rollout import Rollout, Stage
from vitrine.errors import InvalidModel, InvalidRelease
from vitrine.ports import Objects, Table
from vitrine.refresh.champion import (
    ModelFiles,
    Rejection,
    crown,
    put_model,
    read_crown,
    read_model,
    read_rejected,
    reject,
    uncrown,
)
from vitrine.refresh.guard import Policy
from vitrine.refresh.published import flipped, put_serving, read_parts, read_pointer
from vitrine.values import dataclass

ATTEMPTS: Final = 5
BY_HAND: Final = "by an operator"
WAYS_BACK: Final = (
    "vitrine model promote names another one; or vitrine rollback goes back to the previous release, "
    "and then this one can be turned down"
)
MEANWHILE: Final = "the pointer was changed by others again and again; run it again"


@dataclass(frozen=True, slots=True)
class Admission:
    """What became of a challenger that passed its gate: on trial, champion at once, or left out, and why."""

    model: str
    outcome: Literal["on trial", "champion", "left out"]
    reason: str

    @property
    def summary(self) -> str:
        """In one line."""
        return f"ranker {self.model} is {self.outcome}: {self.reason}"


def admit(table: Table, objects: Objects, files: ModelFiles, now: datetime, policy: Policy) -> Admission:
    """Put a challenger on trial in the shadow.

    Before the first release nobody is served by whom it could be compared with, so it is the champion at once. One that
    was turned down before, or that comes while another one is on trial, is left out; a trial that did not get out of
    the shadow for as long as a trial lasts gives way.

    Raises:
        InvalidRelease: the pointer is damaged, or others changed it again and again.
        InvalidModel: a note in the bucket is damaged.
        DependencyFailed: table or bucket do not answer.
    """
    challenger = put_model(objects, files)
    rejected = read_rejected(objects).get(challenger)
    if rejected is not None:
        return Admission(challenger, "left out", f"it was turned down in the {rejected.stage}: {rejected.reason}")
    pointer = read_pointer(table)
    if pointer is None:
        crown(objects, files)
        return Admission(challenger, "champion", "there is no release yet; the first one carries it")
    if _is_taken(pointer.rollout, challenger, now, policy):
        return Admission(challenger, "left out", "another one is on trial, and there is one trial at a time")
    if current_model(objects, pointer) == challenger:
        return Admission(challenger, "champion", "the current release carries it already")
    if stage_of(pointer, challenger) is None:
        trial = Rollout(challenger, files.manifest_sha256, "shadow", policy.shadow_share, _ms(now))
        change_trial(table, lambda found: trial if found == pointer.rollout else found)
    share = f"{policy.shadow_share:.0%}"
    return Admission(challenger, "on trial", f"in the shadow, where {share} of the decisions are scored by it as well")


def enter_canary(table: Table, rollout: Rollout, now: datetime, policy: Policy) -> Pointer:
    """Begin the canary of the challenger in the shadow. Raises as `change_trial`."""
    canary = replace(rollout, stage="canary", share=policy.canary_share, since_ms=_ms(now))
    return change_trial(table, lambda found: canary if found == rollout else found)


def end_trial(table: Table, model: str) -> Pointer:
    """End the trial of a ranker; nothing, when it is not on trial. Raises as `change_trial`."""
    return change_trial(table, lambda found: None if found is not None and found.model == model else found)


def change_trial(table: Table, change: Callable[[Rollout | None], Rollout | None]) -> Pointer:
    """The pointer after its trial was changed, by one conditional write.

    Raises:
        InvalidRelease: there is no release, or others changed the pointer again and again.
    """
    for _ in range(ATTEMPTS):
        before = read_pointer(table)
        if before is None:
            raise InvalidRelease("there is no release yet")
        changed = change(before.rollout)
        if changed == before.rollout:
            return before
        pointer = flipped(before.with_rollout(changed), before, table)
        if pointer is not None:
            return pointer
    raise InvalidRelease(MEANWHILE)


def promote(table: Table, objects: Objects, model: str, now: datetime) -> Pointer:
    """Make a ranker of the bucket the champion, at once: the pointer of a release that is the present one but for it.

    The champion before it stays in the previous release and in the bucket; both ways back are open.

    Raises:
        InvalidModel: its files are not there or damaged.
        InvalidRelease: there is no release, it is damaged, or others changed the pointer again and again.
    """
    files = read_model(objects, model)
    if files.id != model:
        raise InvalidModel(f"the files of {model} are those of {files.id}")
    crown(objects, files)
    for _ in range(ATTEMPTS):
        before = read_pointer(table)
        if before is None:
            raise InvalidRelease("there is no release yet; the first one will carry the ranker")
        if current_model(objects, before) == model:
            return end_trial(table, model)
        pointer = flipped(_with_model(objects, before, files, now), before, table)
        if pointer is not None:
            return pointer
    raise InvalidRelease(MEANWHILE)


def turn_down(table: Table, objects: Objects, model: str, reason: str, now: datetime) -> Pointer:
    """Take a ranker back and remember why: its trial ends; if it is the champion, the one before it is again.

    One that was turned down itself never is. Where nobody else is left, a champion that still serves cannot be taken
    back; after a roll-back to a release without it, it can, and the bundled ranker stands in.

    Raises:
        InvalidModel: it is neither on trial nor the champion, or it serves and nobody is left to take its place.
        InvalidRelease: as `promote`.
    """
    pointer = read_pointer(table)
    if pointer is not None and pointer.rollout is not None and pointer.rollout.model == model:
        reject(objects, model, Rejection(reason, pointer.rollout.stage, _ms(now)))
        return end_trial(table, model)
    crowned = read_crown(objects)
    if crowned.model != model:
        raise InvalidModel(f"{model} is neither on trial nor the champion")
    heir = crowned.previous if crowned.previous not in read_rejected(objects) else None
    if heir is not None:
        reject(objects, model, Rejection(reason, "champion", _ms(now)))
        return promote(table, objects, heir, now)
    if pointer is None or current_model(objects, pointer) == model:
        raise InvalidModel(f"{_no_heir(crowned.previous, model)}; {WAYS_BACK}")
    reject(objects, model, Rejection(reason, "champion", _ms(now)))
    uncrown(objects)
    return pointer


def current_model(objects: Objects, pointer: Pointer) -> str | None:
    """Id of the ranker that the pointer's release carries; None when this code cannot read it."""
    try:
        return parse_ranker_manifest(objects.get(f"{pointer.release}/{RANKER}") or b"").id
    except InvalidModel:
        return None


def returning_model(objects: Objects, pointer: Pointer) -> str | None:
    """Id of the champion that the next refresh brings, where the pointer's release carries another; else None."""
    try:
        crowned = read_crown(objects).model
    except InvalidModel:  # a refresh refuses the note as well, and says so
        return None
    return None if crowned == current_model(objects, pointer) else crowned


def stage_of(pointer: Pointer | None, model: str) -> Stage | None:
    """The stage in which a ranker is on trial; None when it is not."""
    rollout = None if pointer is None else pointer.rollout
    return rollout.stage if rollout is not None and rollout.model == model else None


def _is_taken(rollout: Rollout | None, challenger: str, now: datetime, policy: Policy) -> bool:
    """Whether another trial is on; one that nobody saw anything of for too long gives way."""
    if rollout is None or rollout.model == challenger:
        return False
    return rollout.stage == "canary" or _ms(now) - rollout.since_ms < policy.patience_ms


def _no_heir(previous: str | None, model: str) -> str:
    if previous is None:
        return f"no champion before {model} is known"
    return f"the champion before {model}, {previous}, was turned down as well"


def _with_model(objects: Objects, before: Pointer, files: ModelFiles, now: datetime) -> Pointer:
    """The pointer of a release with another ranker, all of which is in the bucket and read back, without a trial.

    Raises:
        InvalidRelease: what is in the bucket is not what was put there.
    """
    manifest, parts = read_parts(objects, before)
    parts = {**parts, MODEL: files.model, RANKER: files.manifest}
    digest = sha256(f"{before.rev} {before.release} ".encode() + files.manifest).hexdigest()
    release = f"{now:%Y%m%dT%H%M%S}-{digest[:8]}"
    for name, data in parts.items():
        objects.put(f"{release}/{name}", data)
    named = {name: Part.of(data) for name, data in parts.items()}
    encoded = replace(manifest, release=release, built_at_ms=_ms(now), parts=named).to_bytes()
    objects.put(f"{release}/{MANIFEST}", encoded)
    follows = before.followed_by(replace(manifest, release=release), sha256(encoded).hexdigest())
    pointer = replace(follows, rollout=None)
    put_serving(objects, pointer)
    return pointer


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)
