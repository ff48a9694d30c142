"""The demo's journal of its set-up."""

from dataclasses import replace
from pathlib import Path

import pytest

from vitrine.cli.demo_journal import Journal, Step
from vitrine.errors import LocalStackError


def nothing(stage: str, done: int, total: int) -> None:
    """A progress that shows nothing."""


class Note:
    """A mark in memory; None when it is lost."""

    def __init__(self) -> None:
        self.text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, made_from: str) -> None:
        self.text = made_from


class Steps:
    """Three steps that note their runs; the middle one is made from a folder and leaves a mark."""

    def __init__(self, folder: Path) -> None:
        self.runs: list[str] = []
        self.inputs = folder / "inputs"
        self.inputs.mkdir()
        self.kept = folder / "kept"
        self.mark = Note()
        self.all = [
            Step("one", lambda _: self._one(), kept=self.kept),
            Step("two", lambda _: self.runs.append("two"), [self.inputs], mark=self.mark),
            Step("three", lambda _: self.runs.append("three")),
        ]

    def _one(self) -> None:
        self.runs.append("one")
        self.kept.write_text("x")


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    """Fresh steps."""
    return Steps(tmp_path)


def remaining(path: Path, steps: Steps) -> list[str]:
    """Names of the steps that a new process would run."""
    return [step.name for step in Journal(path).remaining(steps.all)]


def test_finished_steps_are_not_run_again(tmp_path: Path, steps: Steps) -> None:
    """A second start finds nothing to do."""
    path = tmp_path / "setup.json"
    journal = Journal(path)
    journal.run(journal.remaining(steps.all), nothing)
    assert steps.runs == ["one", "two", "three"]
    assert remaining(path, steps) == []


def test_interrupted_set_up_goes_on_where_it_was(tmp_path: Path, steps: Steps) -> None:
    """What was finished before the interruption stays finished."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all[:1], nothing)
    assert remaining(path, steps) == ["two", "three"]


def test_changed_input_repeats_its_step_and_those_after(tmp_path: Path, steps: Steps) -> None:
    """Editing a file of the store publishes it at the next start."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all, nothing)
    (steps.inputs / "store.yaml").write_text("changed")
    assert remaining(path, steps) == ["two", "three"]


def test_lost_result_repeats_its_step(tmp_path: Path, steps: Steps) -> None:
    """A step whose kept file is gone runs again, and with it all that follows."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all, nothing)
    steps.kept.unlink()
    assert remaining(path, steps) == ["one", "two", "three"]


@pytest.mark.parametrize("n_done", [2, 3])
def test_lost_mark_repeats_its_step(tmp_path: Path, steps: Steps, n_done: int) -> None:
    """After the emulator has lost its state, what lived there is made again, whether or not the set-up was finished."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all[:n_done], nothing)
    assert not Journal(path).has_lost(steps.all)
    steps.mark.text = None
    assert remaining(path, steps) == ["two", "three"]
    assert Journal(path).has_lost(steps.all)


def test_emulator_that_fell_back_repeats_the_step(tmp_path: Path, steps: Steps) -> None:
    """A mark of an earlier run means that the state of that run has come back: it was made from other inputs."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all, nothing)
    before = steps.mark.text
    (steps.inputs / "store.yaml").write_text("changed")
    Journal(path).run(steps.all[1:], nothing)
    steps.mark.text = before
    assert remaining(path, steps) == ["two", "three"]


def test_interrupted_repetition_leaves_nothing_done(tmp_path: Path, steps: Steps) -> None:
    """Steps that are to run again do not count as done by their earlier run."""
    path = tmp_path / "setup.json"
    Journal(path).run(steps.all, nothing)

    def interrupt(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    again = [replace(steps.all[0], run=lambda progress: progress("one", 0, 1)), *steps.all[1:]]
    with pytest.raises(KeyboardInterrupt):
        Journal(path).run(again, interrupt)
    assert remaining(path, steps) == ["one", "two", "three"]
    Journal(path).run(steps.all[:1], nothing)
    assert remaining(path, steps) == ["two", "three"]
    assert not Journal(path).has_lost(steps.all)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 1, "done": []}', '{"format": 999}'])
def test_damaged_journal_says_what_to_do(tmp_path: Path, content: str) -> None:
    """One line that names the file and the remedy."""
    path = tmp_path / "setup.json"
    path.write_text(content)
    with pytest.raises(LocalStackError, match=r"setup\.json is .*; start afresh: make demo RESET=1"):
        Journal(path)
