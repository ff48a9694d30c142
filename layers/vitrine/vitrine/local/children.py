"""Child processes: started on a leash, their output read line by line, ended without leftovers."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

Log: TypeAlias = Callable[[str, str], None]
"""Takes the name of a child and one line of its output."""

LEASH: Final = Path(__file__).with_name("leash.py")
LONGEST_LINE: Final = 64 * 1024


@dataclass(frozen=True)
class Child:
    """A running process of its own session and the tasks that wait for its end and read its output."""

    process: Process
    ended: asyncio.Task[int]
    reader: asyncio.Task[None]

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        end: signal.Signals,
        name: str,
        log: Log,
    ) -> "Child":
        """Start a command in its own session, so that Ctrl-C reaches only us; signal `end` comes if we die."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(LEASH), str(int(end)), str(os.getpid())),
            *command,
            env=dict(environment),
            cwd=folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101 - stdout=PIPE
        reader = asyncio.create_task(read_lines(process.stdout, name, log))
        return cls(process, asyncio.create_task(process.wait()), reader)

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    async def stop(self, how: signal.Signals, patience_s: float) -> None:
        """End it and whatever it started: first as asked, after `patience_s` for good. Its last words are read."""
        if self.is_alive:
            self.signal(how)
            await asyncio.wait([self.ended], timeout=patience_s)
        self.signal(signal.SIGKILL)
        await asyncio.wait([self.ended, self.reader])

    def signal(self, how: signal.Signals) -> None:
        """Signal the whole session, also when only its offspring is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)


async def read_lines(stream: asyncio.StreamReader, name: str, log: Log) -> None:
    """Hand on every line of the output; a line without end is cut. `awslambdaric` parts traceback lines by CR."""
    rest = b""
    while chunk := await stream.read(LONGEST_LINE):
        complete, _, rest = (rest + chunk).rpartition(b"\n")
        if len(rest) >= LONGEST_LINE:
            complete, rest = complete + b"\n" + rest, b""
        for line in complete.splitlines():
            if line.strip():
                log(name, line.decode(errors="replace"))
    for line in rest.splitlines():
        log(name, line.decode(errors="replace"))
