"""One execution environment of a function: a child process that asks for one invocation after the other."""

import asyncio
import json
import signal
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from vitrine.local.children import Child
from vitrine.local.declared import Function

INIT_S: Final = 10.0
"""Lambda gives INIT ten seconds, then lets the first invocation start it over under the function's timeout."""
KILL_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way into the function."""

    id: str
    event: bytes
    deadline_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation gave: the function's JSON, or an error object of AWS's form when `failed`."""

    payload: bytes
    failed: bool = False

    @classmethod
    def error(cls, kind: str, message: str) -> "Outcome":
        """A failure that the function could not report itself."""
        return cls(json.dumps({"errorType": kind, "errorMessage": message}).encode(), failed=True)


Invoke: TypeAlias = Callable[[str, bytes], Awaitable[Outcome]]
"""Runs a function, named by its logical id, on an event."""


class Sandbox:
    """A child under `awslambdaric`. The Runtime API calls `next`, `finish` and `fail_init` on the child's behalf."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self._work: asyncio.Queue[Invocation] = asyncio.Queue()
        self._ready = asyncio.Event()
        self._init_error: Outcome | None = None
        self._result: asyncio.Future[Outcome] | None = None
        self._current = ""
        self._child: Child | None = None
        self._retired = False

    @property
    def is_alive(self) -> bool:
        """Whether it can take another invocation."""
        return self._child is not None and self._child.is_alive and not self._retired

    @property
    def pid(self) -> int | None:
        """The child's process id, None before it is there."""
        return self._child.process.pid if self._child else None

    async def wait_until_ready(self, child: Child) -> Outcome | None:
        """None once the function's module is loaded and the child asks for work; else why it never will."""
        self._child = child
        ready = asyncio.create_task(self._ready.wait())
        limit_s = INIT_S + self.function.timeout_s
        await asyncio.wait([ready, child.ended], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return None
        ready.cancel()
        await self.stop()
        if self._init_error:
            return self._init_error
        if child.ended.done() and child.ended.result() >= 0:
            return Outcome.error("Runtime.ExitError", f"Runtime exited with status {child.ended.result()} at start")
        return Outcome.error("Sandbox.Timedout", f"Init timed out after {limit_s:.2f} seconds")

    async def invoke(self, event: bytes) -> Outcome:
        """Run one event; the child is gone after a timeout or a crash. Never called twice at a time."""
        if self._child is None:
            raise RuntimeError("invoked before it was ready")
        timeout_s = self.function.timeout_s
        deadline_ms = int((time.time() + timeout_s) * 1000)
        invocation = Invocation(str(uuid.uuid4()), event, deadline_ms)
        self._current = invocation.id
        self._result = asyncio.get_running_loop().create_future()
        self._work.put_nowait(invocation)
        either: list[asyncio.Future[Any]] = [self._result, self._child.ended]
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._result.done():
            return self._result.result()
        crashed = self._child.ended.done()
        await self.stop()
        if crashed:
            status = self._child.ended.result()
            return Outcome.error("Runtime.ExitError", f"RequestId: {invocation.id} Error: Runtime exited with {status}")
        message = f"RequestId: {invocation.id} Error: Task timed out after {timeout_s:.2f} seconds"
        return Outcome.error("Sandbox.Timedout", message)

    async def next(self) -> Invocation:
        """The child's next invocation, as soon as there is one."""
        self._ready.set()
        return await self._work.get()

    def finish(self, invocation: str, outcome: Outcome) -> bool:
        """Take the outcome of an invocation; False when it is not the one under way."""
        if self._result is None or invocation != self._current or self._result.done():
            return False
        self._result.set_result(outcome)
        return True

    def fail_init(self, outcome: Outcome) -> None:
        """Take the error that kept the function's module from loading."""
        self._init_error = outcome

    def retire(self) -> None:
        """Give the child no more work: it is about to end, as `awslambdaric` does when an answer is refused."""
        self._retired = True

    async def stop(self) -> None:
        """End the child at once, as Lambda does."""
        if self._child:
            await self._child.stop(signal.SIGKILL, KILL_PATIENCE_S)
