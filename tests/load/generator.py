"""The open-loop generator: `python -m tests.load.generator FOLDER PORT`, a process of its own.

It sends each request of FOLDER when its time has come, whether or not earlier ones were answered, over connections that
stay open. Latency is counted from when a request was MEANT to be sent: what waits because the subject is slow, or
because all connections are taken, has waited (G. Tene, "How NOT to Measure Latency", 2015: coordinated omission). When
it was really sent is noted beside it.

Each line of its standard input names a file of arrival times (.npy), one for the results (.npz), how many answers
apart they are held against the whole contract, and how many connections there are; a line with the number of requests
answers it. `done N` lines come in between.
"""

import asyncio
import gc
import json
import os
import selectors
import sys
from collections import deque
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, Final

import numpy as np

from tests.load import traffic
from tests.load.answers import read

PATIENCE_S: Final = 10.0
LEAD_S: Final = 0.05
MOST_FAULTS: Final = 20
TELL_EVERY_S: Final = 1.0
BREATH: Final = 16
"""Sends in a row, when late, before answers are looked at again."""


class Line(asyncio.Protocol):
    """One connection, with at most one request on its way."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.index = -1
        self.buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, index: int, data: bytes) -> None:
        """Send a request."""
        self.index = index
        self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.buffer[:end]).lower()
        whole = end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        if len(self.buffer) >= whole:
            status, body = int(head[9:12]), bytes(self.buffer[end + 4 : whole])
            self.buffer.clear()
            self.run.finish(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.run.lose(self)


class Run:
    """One plan: `times` are ascending seconds since the start; results are columns, NaN where there was no answer."""

    def __init__(
        self, times: Any, requests: list[tuple[str, bytes]], port: int, check_every: int, connections: int
    ) -> None:
        n = len(times)
        self.check_every, self.connections = check_every, connections
        self.times, self.requests, self.port = times, requests, port
        self.sent = np.full(n, np.nan)
        self.done = np.full(n, np.nan)
        self.flags = {name: np.zeros(n, bool) for name in ("valid", "skipped", "fallback", "refused")}
        self.stages: dict[str, Any] = {}
        self.faults: list[str] = []
        self.n_done = self.n_lost = 0
        self._idle: list[Line] = []
        self._waiting: deque[int] = deque()
        self._loop = asyncio.get_running_loop()
        self._start = 0.0

    async def play(self) -> None:
        """Send everything and wait for what is under way, until there was nothing for PATIENCE_S."""
        lines = [await self._connect() for _ in range(min(self.connections, len(self.times)))]
        self._idle += lines
        self._start = self._loop.time() + LEAD_S
        ticker = asyncio.ensure_future(self._tell())
        for index, at in enumerate(self.times.tolist()):
            early_s = self._start + at - self._loop.time()
            if early_s > 0 or index % BREATH == 0:
                await asyncio.sleep(max(early_s, 0))
            self._waiting.append(index)
            self._send_next()
        await self._rest()
        ticker.cancel()
        self.port = 0
        for line in lines:
            line.transport.abort()

    def finish(self, line: Line, status: int, body: bytes) -> None:
        """Note an answer and use its connection for who waits for one."""
        index = line.index
        self.done[index] = self._loop.time() - self._start
        line.index = -1
        self.n_done += 1
        self._idle.append(line)
        self._send_next()
        self._note(index, status, body)

    def lose(self, line: Line) -> None:
        """Note that a connection broke, with the request on it, and open another one."""
        if self.port == 0:
            return
        if line.index >= 0:
            self.n_lost += 1
            self._fault("the connection broke before the answer")
        if line in self._idle:
            self._idle.remove(line)
        self._mending = asyncio.ensure_future(self._mend())

    def save(self, path: Path) -> None:
        """Leave the columns in a file."""
        kinds = [kind for kind, _ in self.requests]
        decide = np.array([kinds[index % len(kinds)] == "decide" for index in range(len(self.times))], bool)
        stages = {f"stage {name}": column for name, column in self.stages.items()}
        columns: dict[str, Any] = {**self.flags, **stages}
        np.savez(
            path,
            intended=self.times,
            sent=self.sent,
            done=self.done,
            decide=decide,
            faults=self.faults,
            **columns,
        )

    def _send_next(self) -> None:
        while self._waiting and self._idle:
            index, line = self._waiting.popleft(), self._idle.pop()
            self.sent[index] = self._loop.time() - self._start
            line.send(index, self.requests[index % len(self.requests)][1])

    def _note(self, index: int, status: int, body: bytes) -> None:
        kind, _ = self.requests[index % len(self.requests)]
        answer = read(kind, status, body, wholly=index % self.check_every == 0)
        if answer.fault is not None:
            self._fault(answer.fault)
        self.flags["valid"][index] = answer.fault is None
        self.flags["skipped"][index] = answer.skipped
        self.flags["fallback"][index] = answer.fallback
        self.flags["refused"][index] = answer.refused
        for name, value in answer.timings_ms.items():
            if name not in self.stages:
                self.stages[name] = np.full(len(self.times), np.nan, np.float32)
            self.stages[name][index] = value

    def _fault(self, fault: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    async def _rest(self) -> None:
        n, until = -1, 0.0
        while n < len(self.times) and (self.n_done + self.n_lost > n or self._loop.time() < until):
            if self.n_done + self.n_lost > n:
                n, until = self.n_done + self.n_lost, self._loop.time() + PATIENCE_S
            await asyncio.sleep(0.005)

    async def _connect(self) -> Line:
        _, line = await self._loop.create_connection(lambda: Line(self), "127.0.0.1", self.port)
        return line

    async def _mend(self) -> None:
        try:
            self._idle.append(await self._connect())
        except OSError:
            return  # what waits for a connection is late, or never sent: both show
        self._send_next()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            print(f"done {self.n_done}", flush=True)


async def play_all(commands: Queue[str], requests: list[tuple[str, bytes]], port: int) -> None:
    """Play plan after plan."""
    while True:
        command = json.loads(await asyncio.to_thread(commands.get))
        run = Run(np.load(command["times"]), requests, port, command["check_every"], command["connections"])
        await run.play()
        run.save(Path(command["results"]))
        print(len(run.times), flush=True)


def listen(commands: Queue[str]) -> None:
    """Hand on what comes in; at its end the process ends too, in the midst of a plan if need be."""
    for line in sys.stdin:
        commands.put(line)
    os._exit(0)


def main() -> None:
    """Play plans until the input ends."""
    requests, port = traffic.load(Path(sys.argv[1])), int(sys.argv[2])
    commands: Queue[str] = Queue()
    Thread(target=listen, args=(commands,), daemon=True).start()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)  # a pause of the collector would look like one of the subject
    # epoll's timeouts are rounded up to whole milliseconds, those of select are not
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(play_all(commands, requests, port))


if __name__ == "__main__":
    main()
