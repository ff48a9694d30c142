"""How `vitrine demo` starts, refuses to start, and ends; the set-up as a whole is shown by `make demo`."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vitrine.adapters.dynamodb import DynamoTable
from vitrine.cli import main
from vitrine.cli.demo_setup import TableMark
from vitrine.local.pool import aws_variables
from vitrine.local.stack import LocalStack, lock

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def command(*arguments: object) -> list[str]:
    """`vitrine demo` with arguments, under this interpreter."""
    return [
        sys.executable,
        "-c",
        "import sys; from vitrine.cli import main; sys.exit(main())",
        "demo",
        *map(str, arguments),
    ]


def refusal(*arguments: object) -> str:
    """What a demo that does not start says, which must be one line."""
    done = subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("vitrine demo: ")
    return line


@contextmanager
def taken_port() -> Iterator[int]:
    """A port that somebody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the package and how to install it."""
    monkeypatch.setitem(sys.modules, "ministack", None)
    assert main(["demo"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("vitrine demo: missing ministack; run: pip install")
    assert said.count("\n") == 1


def test_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    """It names the port and the remedy."""
    with taken_port() as port:
        line = refusal("--state", tmp_path, "--port", port)
    assert f"port {port} is taken" in line
    assert "make demo PORT=" in line


def test_second_demo_on_the_same_state_is_refused(tmp_path: Path) -> None:
    """With and without --reset, and nothing of the state is touched."""
    (tmp_path / "setup.json").write_text('{"format": 1, "done": {}}')
    with lock(tmp_path):
        assert "another stack is running" in refusal("--state", tmp_path, "--port", 0)
        assert "another stack is running" in refusal("--state", tmp_path, "--port", 0, "--reset")
    assert (tmp_path / "setup.json").exists()


def test_half_written_state_is_one_clear_line(tmp_path: Path) -> None:
    """It names the file and how to start afresh."""
    (tmp_path / "setup.json").write_text('{"format": 1, "do')
    line = refusal("--state", tmp_path, "--port", 0)
    assert "setup.json is damaged" in line
    assert "make demo RESET=1" in line


@pytest.mark.parametrize("port", [99_999, -1])
def test_impossible_port_is_one_clear_line(tmp_path: Path, port: int) -> None:
    """It names the port and the remedy."""
    line = refusal("--state", tmp_path, "--port", port)
    assert f"port {port} cannot be opened" in line
    assert "make demo PORT=" in line


def test_forbidden_port_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Below 1024 without the right to; root has it, hence the replaced system call."""

    def refuse(address: tuple[str, int]) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(socket, "create_server", refuse)
    assert main(["demo", "--state", str(tmp_path), "--port", "80"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("vitrine demo: port 80 cannot be opened (Permission denied); ")
    assert said.count("\n") == 1


@pytest.mark.stack
def test_killed_emulator_loses_the_marks_of_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a step left in the emulator is known to be there after a clean end, and known to be gone after kill -9."""
    found = []
    for ending in (signal.SIGKILL, None, None):
        with LocalStack(ROOT / "template.yaml", tmp_path, log=lambda name, line: None) as running:
            for name, value in aws_variables(running.endpoint).items():
                monkeypatch.setenv(name, value)
            mark = TableMark(DynamoTable(running.environment("DecideFunction")["VITRINE_TABLE"]), "upload")
            found.append(mark.read())
            mark.write("made from this")
            assert mark.read() == "made from this"
            if ending:
                os.kill(running.pids()[0], ending)
    assert found == [None, None, "made from this"]


def test_wrong_folder_is_one_clear_line(tmp_path: Path) -> None:
    """Outside the repository there is no template."""
    assert "run from the repository's root" in refusal("--template", tmp_path / "template.yaml", "--state", tmp_path)


def test_interrupted_set_up_ends_cleanly(tmp_path: Path) -> None:
    """Interrupted after the import: 130, a friendly line, nothing left running, and the import stays done."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(
        command("--state", tmp_path, "--port", 0), cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment
    )
    journal = tmp_path / "setup.json"
    deadline = time.monotonic() + PATIENCE_S
    while demo.poll() is None and not journal.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 130
    assert said.splitlines()[-1].startswith("Stopped. The state is kept in ")
    assert "Traceback" not in said
    assert set(json.loads(journal.read_text())["done"]) >= {"import"}
    with lock(tmp_path):
        assert not children_in(tmp_path)


def children_in(folder: Path) -> list[int]:
    """Processes whose working folder lies in a folder: the emulator of a state."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
