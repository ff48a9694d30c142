"""`LocalStack`: everything that template.yaml declares, running on this machine for as long as a `with` block lasts."""

import asyncio
import errno
import fcntl
import json
import socket
import sys
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeVar

import vitrine
from vitrine.errors import LocalStackError
from vitrine.local.children import Log
from vitrine.local.clockwork import Clockwork
from vitrine.local.declared import Function
from vitrine.local.emulator import Emulator
from vitrine.local.gateway import Gateway
from vitrine.local.loop_thread import LoopThread
from vitrine.local.operator import make_token
from vitrine.local.pool import Pool, lambda_variables
from vitrine.local.resources import Boto, client, deploy
from vitrine.local.runtime_api import RuntimeApi
from vitrine.local.sandbox import Outcome
from vitrine.local.sites import Site
from vitrine.local.sources import QueueConsumer, StreamConsumer
from vitrine.local.template import Template

CONCURRENCY: Final = 2
PACKAGE_FOLDER: Final = Path(vitrine.__file__).parents[1]
T = TypeVar("T")


class LocalStack:
    """The stack of a template. Usable from any thread; inside, one thread runs an event loop.

    Args:
        template: path of template.yaml.
        state: folder for everything that is kept: the emulator's data, logs, a lock against a second stack.
        port: of the HTTP API; 0 takes a free one.
        concurrency: environments per function, unless the template reserves fewer.
        environment: variables that replace the template's in every function, such as VITRINE_BUNDLE.
        parameters: values of the template's parameters.
        log: takes (name, line) of functions' output and of requests; by default they go to stderr.
        sites: pages that stand beside the HTTP API, such as the demo's shop; none by default.

    Raises, on entering:
        LocalStackError: the port or the state is taken, the emulator does not start, the template cannot be played.
    """

    def __init__(
        self,
        template: Path,
        state: Path,
        *,
        port: int = 0,
        concurrency: int = CONCURRENCY,
        environment: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        log: Log | None = None,
        sites: Sequence[Site] = (),
    ) -> None:
        self.template = Template.read(template, parameters or {})
        self.state = state.resolve()
        self.url = ""
        self.endpoint = ""
        self.functions: dict[str, Function] = {}
        self._port = port
        self._concurrency = concurrency
        self._overrides = dict(environment or {})
        self._log = log or to_stderr
        self._sites = sites
        self._pools: dict[str, Pool] = {}
        self._emulator: Emulator | None = None
        self._lock: IO[str] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._closing = AsyncExitStack()
        self._loop: LoopThread | None = None

    def __enter__(self) -> Self:
        self.state.mkdir(parents=True, exist_ok=True)
        self._lock = lock(self.state)
        self._loop = LoopThread()
        with ExitStack() as undo:
            undo.callback(self.stop)
            listener = listen(self._port)
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._run(self._start(listener))
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def invoke(self, function: str, event: object) -> Outcome:
        """Run a function, named by its logical id, and wait for it."""
        return self._run(self._invoke(function, json.dumps(event).encode()))

    def warm(self, function: str) -> None:
        """Start an environment ahead of the first request.

        Raises:
            LocalStackError: the function does not load.
        """
        failure = self._run(self._pools[function].warm())
        if failure:
            raise LocalStackError(f"{function} does not load: {failure.payload.decode(errors='replace')}")

    def environment(self, function: str) -> dict[str, str]:
        """All variables that a function sees, AWS's own included."""
        return dict(self._pools[function].variables)

    @property
    def operator_token(self) -> str:
        """What opens the routes that stand behind an authorizer, as `Authorization: Bearer <token>`."""
        return make_token(self.state)

    def client(self, service: str) -> Boto:
        """A boto3 client of the emulator."""
        return client(service, self.endpoint)

    def pids(self) -> list[int]:
        """Process ids of all children: the emulator and the functions' environments."""
        emulator = [self._emulator.child.process.pid] if self._emulator else []
        return [*emulator, *(pid for pool in self._pools.values() for pid in pool.pids)]

    def stop(self) -> None:
        """End everything; the emulator writes its state. Safe to call again."""
        if self._loop:
            try:
                self._loop.run(self._close())
            finally:
                self._loop.stop()
                self._loop = None
        if self._lock:
            self._lock.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise LocalStackError("the local stack is not running")
        return self._loop.run(work)

    async def _invoke(self, function: str, event: bytes) -> Outcome:
        return await self._pools[function].invoke(event)

    async def _close(self) -> None:
        if self._starting and not self._starting.done():
            await cancel(self._starting)
        await self._closing.aclose()

    async def _start(self, listener: socket.socket) -> None:
        self._starting = asyncio.current_task()
        self._closing.callback(listener.close)
        self._emulator = await Emulator.start(self.state / "emulator", self._log)
        self._closing.push_async_callback(self._emulator.stop)
        self.endpoint = self._emulator.endpoint
        data = await asyncio.to_thread(deploy, self.template, self.endpoint)
        resolver = self.template.resolver(data, self.url)
        self.functions = {function.id: function for function in self.template.functions(resolver)}
        await self._start_functions()
        gateway = Gateway(
            list(self.functions.values()),
            self.template.cors(resolver),
            self._invoke,
            self._log,
            operator_token=self.operator_token,
            sites=self._sites,
        )
        await gateway.start(listener)
        self._closing.push_async_callback(gateway.stop)
        self._start_triggers()
        self._start_trigger(self._watch(self._emulator), "ministack")

    async def _start_functions(self) -> None:
        runtime_api = RuntimeApi()
        await runtime_api.start()
        self._closing.push_async_callback(runtime_api.stop)
        for function in self.functions.values():
            variables = lambda_variables(function, self.endpoint, str(PACKAGE_FOLDER)) | self._overrides
            limit = self._concurrency if function.reserved is None else min(self._concurrency, function.reserved)
            pool = Pool(function, variables, limit, runtime_api, self._log)
            self._pools[function.id] = pool
            self._closing.push_async_callback(pool.stop)

    async def _watch(self, emulator: Emulator) -> None:
        await asyncio.wait([emulator.child.ended])  # a plain await would cancel the task when this one is cancelled
        self._log("ministack", "has ended; what it held since its start is lost. Stop this stack and start it again")

    def _start_triggers(self) -> None:
        functions = list(self.functions.values())
        clockwork = Clockwork(functions, self._invoke, self.endpoint, self._log)
        for function in functions:
            for schedule in function.schedules:
                self._start_trigger(clockwork.run(function, schedule), f"schedule {schedule.name}")
            for source in function.sources:
                consumer = QueueConsumer if source.kind == "SQS" else StreamConsumer
                work = consumer(source, self._invoke, self.endpoint, self._log).run()
                self._start_trigger(work, source.arn)

    def _start_trigger(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._closing.push_async_callback(cancel, task)
        task.add_done_callback(self._report)

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._log("trigger", f"{task.get_name()} has stopped: {error}")


async def cancel(task: asyncio.Task[None]) -> None:
    """End a task and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])


def to_stderr(name: str, line: str) -> None:
    """Show a line of a child's output."""
    print(f"{name.removesuffix('Function')} | {line}", file=sys.stderr)


def listen(port: int) -> socket.socket:
    """A socket on loopback that accepts connections; they wait until the API is up."""
    another = "take another one (make demo PORT=8081)"
    try:
        return socket.create_server(("127.0.0.1", port))
    except OverflowError as error:
        raise LocalStackError(f"port {port} cannot be opened (the largest is 65535); {another}") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LocalStackError(f"port {port} is taken; stop what listens there or {another}") from error
        raise LocalStackError(f"port {port} cannot be opened ({error.strerror}); {another}") from error


def lock(state: Path) -> IO[str]:
    """The state's lock, held until closed or until we die."""
    holder = (state / "lock").open("w")
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder.close()
        raise LocalStackError(f"another stack is running on {state}; stop it first") from error
    return holder
