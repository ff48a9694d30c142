"""Which steps of the demo's set-up are done, kept in its folder, so that an interrupted one goes on where it was.

The emulator may be killed and lose what it held, also the results of steps that are on record here. A step with its
result in there leaves a mark beside it, which is lost together with it: only what journal and mark agree on is done.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from vitrine.errors import LocalStackError
from vitrine.ports import Progress

FORMAT: Final = 1
START_AFRESH: Final = "start afresh: make demo RESET=1 (vitrine demo --reset)"


class Mark(Protocol):
    """A note kept where a step's result is: what the result was made from."""

    def read(self) -> str | None:
        """What was noted last, None when there is no note."""
        ...

    def write(self, made_from: str) -> None:
        """Note what the result was made from."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the set-up; safe to run again. `inputs` are files and folders it is made from.

    Its result is there as long as the file `kept` is, or as long as `mark` says so, if it has them.
    """

    name: str
    run: Callable[[Progress], None]
    inputs: Sequence[Path] = ()
    kept: Path | None = None
    mark: Mark | None = None

    def has_result(self, made_from: str) -> bool:
        """Whether what the step left behind is still there, made from the same."""
        is_kept = self.kept is None or self.kept.exists()
        return is_kept and (self.mark is None or self.mark.read() == made_from)


class Journal:
    """The record of finished steps, by name, with a digest of what each was made from."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = read(path)

    def remaining(self, steps: Sequence[Step]) -> list[Step]:
        """The first step that is not done, or whose inputs have changed, and all that come after it."""
        for position, step in enumerate(steps):
            made_from = digest(step.inputs)
            if self._done.get(step.name) != made_from or not step.has_result(made_from):
                return list(steps[position:])
        return []

    def has_lost(self, steps: Sequence[Step]) -> bool:
        """Whether the next step to run was done already, from the same inputs, and its result is gone."""
        remaining = self.remaining(steps)
        return bool(remaining) and self._done.get(remaining[0].name) == digest(remaining[0].inputs)

    def run(self, steps: Sequence[Step], progress: Progress) -> None:
        """Run steps in order, each noted when it is finished; until then it counts as not done, whatever was before."""
        if again := self._done.keys() & {step.name for step in steps}:
            self._write({name: made_from for name, made_from in self._done.items() if name not in again})
        for step in steps:
            step.run(progress)
            made_from = digest(step.inputs)
            if step.mark:
                step.mark.write(made_from)
            self._write({**self._done, step.name: made_from})

    def _write(self, done: dict[str, str]) -> None:
        self._done = done
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps({"format": FORMAT, "done": done}, indent=1), encoding="utf-8")
        draft.replace(self._path)


def read(path: Path) -> dict[str, str]:
    """The finished steps that a journal names.

    Raises:
        LocalStackError: it is damaged, or of another version.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] == FORMAT:
            return {str(name): str(made_from) for name, made_from in content["done"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LocalStackError(f"{path} is damaged; {START_AFRESH}") from error
    raise LocalStackError(f"{path} is of another version; {START_AFRESH}")


def digest(inputs: Iterable[Path]) -> str:
    """A digest of files' names and contents, folders with everything in them."""
    total = sha256()
    for path in inputs:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                total.update(f"{file.name}\0{sha256(file.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()[:16]
