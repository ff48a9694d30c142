"""Which steps of the demo's set-up are done, kept in its folder, so that an interrupted one goes on where it was."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from vitrine.errors import LocalStackError
from vitrine.ports import Progress

FORMAT: Final = 1
START_AFRESH: Final = "start afresh: make demo RESET=1 (vitrine demo --reset)"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the set-up; safe to run again. `inputs` are files and folders it is made from.

    `kept` names what it leaves behind outside the emulator, None when its result is in the emulator's state.
    """

    name: str
    run: Callable[[Progress], None]
    inputs: Sequence[Path] = ()
    kept: Path | None = None


class Journal:
    """The record of finished steps, by name, with a digest of what each was made from."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = read(path)

    def remaining(self, steps: Sequence[Step]) -> list[Step]:
        """The first step that is not done, or whose inputs have changed, and all that come after it."""
        for position, step in enumerate(steps):
            if self._done.get(step.name) != digest(step.inputs) or (step.kept and not step.kept.exists()):
                return list(steps[position:])
        return []

    def run(self, steps: Iterable[Step], progress: Progress) -> None:
        """Run steps in order, each noted when it is finished."""
        for step in steps:
            step.run(progress)
            self._write({**self._done, step.name: digest(step.inputs)})

    def forget(self, steps: Iterable[Step]) -> None:
        """Note that steps are not done after all."""
        names = {step.name for step in steps}
        self._write({name: made_from for name, made_from in self._done.items() if name not in names})

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
