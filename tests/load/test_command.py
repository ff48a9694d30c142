"""What the command refuses, what it prints, and that it leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench.harness import ROOT
from tests.load.command_line import parse
from tests.load.picture import Chart, draw
from tests.load.small_rig import small_rig
from tests.load.steps import Plan, climb, picture, report
from tests.load.test_generator import QUICK, silent


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--seconds", "0"], "'0' is no number from 1 to 3600"),
        (["steps", "--rates", "10,x"], "'x' is no number from 0.1 to 100000"),
        (["--environments", "1.5"], "'1.5' is no whole number from 1 to 64"),
        (["--items", "3"], "'3' is no whole number from 200"),
        (["--arrivals", "bursts"], "invalid choice: 'bursts'"),
        (["soak", "--minutes", "nan"], "'nan' is no number from 2 to 1440"),
        (["soak", "--url", "http://127.0.0.1:1"], "unrecognized arguments"),
        (["attic"], "unrecognized arguments: attic"),
    ],
)
def test_bad_arguments_are_named(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts, with what is wrong and what would be right."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_steps_are_what_is_run_without_a_word() -> None:
    """Options alone belong to the steps."""
    assert parse([]).what == parse(["--seconds", "2"]).what == "steps"
    assert parse(["soak"]).minutes == 20


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://shop.example.com", "is not an address of this machine"),
        ("http://127.0.0.1:1", "does not tell of a stack"),
    ],
)
def test_a_stack_that_is_not_there_is_told(url: str, told: str, tmp_path: Path) -> None:
    """One line, and no trace."""
    state = ["--stack-state", str(tmp_path), "--picture", str(tmp_path / "x.svg")]
    ended = subprocess.run(
        [*COMMAND, "stack", "--url", url, *state], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


COMMAND = [sys.executable, "-m", "tests.load"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_kill_leave_nothing_behind(how: signal.Signals, tmp_path: Path) -> None:
    """In the midst of a step: all that it started ends, and Ctrl-C says so in one line."""
    arguments = ["--visitors", "5", "--items", "200", "--rates", "5", "--seconds", "60"]
    with subprocess.Popen(
        [*COMMAND, *arguments, "--picture", str(tmp_path / "x.svg")],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        preexec_fn=hear_ctrl_c,
    ) as command:
        session = wait_for_session(command.pid, 6)  # itself, stores, front, two environments, generator
        os.killpg(command.pid, how) if how is signal.SIGINT else command.kill()
        assert command.stderr is not None
        said = command.stderr.read()
    assert command.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert how is signal.SIGKILL or "Traceback" not in said
    give_up = time.monotonic() + 15
    while (left := session & in_session(command.pid)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not left


def hear_ctrl_c() -> None:
    """A shell that runs the tests in the background has them, and what they start, ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for_session(leader: int, n: int) -> set[int]:
    """The processes of a session, once there are so many."""
    give_up = time.monotonic() + 30
    while len(found := in_session(leader)) < n and time.monotonic() < give_up:
        time.sleep(0.05)
    assert len(found) >= n
    return found


def in_session(leader: int) -> set[int]:
    """Processes of a session that have not ended."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, _, session = (entry / "stat").read_text("ascii").rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state != "Z":
            found.add(int(entry.name))
    return found


def test_the_report_ends_in_its_json_line(tmp_path: Path) -> None:
    """Two short steps give a table, figures by stage, and a picture that is XML."""
    with small_rig(tmp_path, QUICK) as rig:
        steps = climb(rig, Plan("poisson", 1.0, rates=[20.0, 40.0], warm_up=5), silent)
    lines = report(steps, "environments", 1, "setting")
    summary = json.loads(lines[-1])
    assert lines[0] == "setting"
    assert any(line.startswith("read ") for line in lines)
    assert (summary["bench"], summary["subject"], summary["skipped"]) == ("load", "environments", 0.0)
    assert summary["per_core"] == pytest.approx(max(step.done for step in steps), abs=0.1)
    assert 0 < summary["p50_ms"] <= summary["p99_ms"] <= summary["max_ms"]
    assert summary["dynamodb_reads"] is None  # a subject without stores that are counted
    picture(steps, tmp_path / "load.svg")
    ElementTree.parse(tmp_path / "load.svg")


def test_gaps_and_odd_values_are_drawn() -> None:
    """NaN, infinity, one point, nothing at all: a picture all the same, in which texts are escaped."""
    nothing = float("nan")
    for ys in ([1.0, nothing, float("inf"), 3.0], [nothing] * 4, [0.0, 0.0, 0.0, 0.0]):
        for is_log in (True, False):
            chart = Chart(
                "a < b", "x", "y", [0, 1, 2, 3], {"p50": ys}, {"limit": 150.0}, {"here": 2.0}, [(1, 2)], is_log
            )
            assert "a &lt; b" in draw([chart])
            ElementTree.fromstring(draw([chart, chart]))
