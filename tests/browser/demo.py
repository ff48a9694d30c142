"""The whole demo as a child process: set up once, each run on a copy of that, which nobody has shopped in."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.error import HTTPError

import vitrine
from vitrine.cli.demo_journal import digest
from vitrine.cli.demo_run import LOG
from vitrine.local import leash
from vitrine.local.operator import make_token

ROOT: Final = Path(__file__).parents[2]
SERVER: Final = "tests.browser.demo_server"
KEPT: Final = ROOT / "build" / "browser"
PACKAGE: Final = Path(vitrine.__file__).parent
NOT_DATA: Final = {"local", "cli"}  # of the package: what runs the demo, not what makes its data
SET_UP_WITHIN_S: Final = 600.0
END_WITHIN_S: Final = 60.0
SETTLED_S: Final = 1.0  # what the set-up leaves to be collected may swallow a signal to end


class DemoFailed(Exception):
    """The demo did not start, or did not end."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    url: str
    state: Path

    @property
    def operator_token(self) -> str:
        """What opens the operators' routes."""
        return make_token(self.state)

    def calls(self, request: str) -> int:
        """How often it was asked this since its start, such as `POST /v1/events`, as its log tells."""
        return (self.state / LOG).read_text("utf-8", errors="replace").count(f"http | {request} ")

    def calls_settled(self, request: str) -> int:
        """The same, once it has stood still for a second."""
        before = -1
        while before != (now := self.calls(request)):
            before = now
            time.sleep(SETTLED_S)
        return now

    def vitrine(self, *arguments: str) -> str:
        """What `vitrine` with these arguments prints, asked of this demo."""
        program = "import sys; from vitrine.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", program, *arguments, "--stack-state", str(self.state)]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@contextmanager
def open_demo() -> Iterator[Demo]:
    """The demo with a quick set-up, on a free port, in a folder of its own.

    Raises:
        DemoFailed: it ended, or took too long; with what it said last.
    """
    with TemporaryDirectory(prefix="vitrine-browser-") as folder:
        state = Path(folder) / "state"
        set_up(state)
        with running(state) as url:
            yield Demo(url, state)


def set_up(state: Path) -> None:
    """Make a demo's state after its set-up: a copy of the one that was made today from the same, if there is one."""
    made = KEPT / f"{datetime.now(UTC):%Y%m%d}-{made_from()}"
    draft = KEPT / "draft"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for outdated in (*KEPT.glob("2*"), draft):
                shutil.rmtree(outdated, ignore_errors=True)
            with running(draft):
                time.sleep(SETTLED_S)
            draft.rename(made)
        shutil.copytree(made, state, symlinks=True)


def made_from() -> str:
    """A digest of what the set-up's result depends on; the store's other files are published anew at every start."""
    sources = [path for kind in ("py", "sql") for path in sorted(PACKAGE.rglob(f"*.{kind}"))]
    package = [path for path in sources if path.relative_to(PACKAGE).parts[0] not in NOT_DATA]
    others = ("template.yaml", "models", "store/store.yaml", "tests/browser/demo_server.py")
    return digest([*package, *(ROOT / name for name in others)])


@contextmanager
def running(state: Path) -> Iterator[str]:
    """The address of a demo on a state; it ends cleanly with the block, and with us whatever happens."""
    state.mkdir(parents=True, exist_ok=True)
    port, said, told = free_port(), state / "said.txt", state / "told.txt"
    url = f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", SERVER, "--quiet", "--state", str(state), "--port", str(port)]
    leashed = [sys.executable, "-I", "-S", leash.__file__, str(int(signal.SIGTERM)), str(os.getpid()), *server]
    with (
        said.open("w") as out,
        told.open("w") as errors,
        subprocess.Popen(leashed, cwd=ROOT, stdout=out, stderr=errors) as child,
    ):
        try:
            wait_until(child, told, lambda: said.stat().st_size > 0)
            wait_until(child, told, lambda: is_open(f"{url}/shop"))
            yield url
        finally:
            child.terminate()
            try:
                child.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired as error:
                child.kill()
                raise DemoFailed(f"the demo did not end; it said last:\n{last_words(told)}") from error


def wait_until(child: "subprocess.Popen[bytes]", told: Path, is_done: Callable[[], bool]) -> None:
    """Wait for something that a demo does: it says what to try when its API serves, and opens its shop after that."""
    deadline = time.monotonic() + SET_UP_WITHIN_S
    while not is_done():
        if child.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed(f"the demo did not start; it said last:\n{last_words(told)}")
        time.sleep(0.1)


def is_open(url: str) -> bool:
    """Whether a page is there."""
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except HTTPError as error:
        error.close()
        return False


def last_words(told: Path) -> str:
    """The end of what a demo complained of."""
    return told.read_text("utf-8", errors="replace")[-2_000:]


def free_port() -> int:
    """A port of loopback that nobody listens to at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
