"""An execution environment of the decide function as a test sees it: ask it, judge what it answers, look at it."""

import http.client
import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from tests.bench.harness import BenchFailed, Process
from tests.faults.subject import CONNECTS, WAITED
from vitrine.api.openapi_answers import DecideAnswer

PATIENCE_S: Final = 2.0
"""A caller who waits no longer; 0 is then the status."""

PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `ms` is what the caller waited, without the time for which the machine was busy with others."""

    status: int
    body: bytes
    ms: float
    waited_ms: float


@dataclass(frozen=True, slots=True)
class State:
    """What /proc tells of the process."""

    threads: int
    sockets: int
    rss_mb: float


class Environment(Process):
    """A child process with the real handler. One request at a time, as Lambda has it."""

    def __init__(self, env: Mapping[str, str], *sabotages: str) -> None:
        inside = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}  # with it the handler builds its service at INIT
        super().__init__("tests.faults.subject", list(sabotages), {**env, **inside})
        try:
            told = json.loads(self.hear())
        except BenchFailed:
            super().__exit__()
            raise
        self.init_ms: float = told["init_ms"]
        self._port: int = told["port"]
        self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)

    def ask(self, body: bytes) -> Reply:
        """Show a page."""
        started = time.perf_counter()
        try:
            self._line.request("POST", "/v1/decide", body, {"Content-Type": "application/json"})
            response = self._line.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            return Reply(0, repr(error).encode(), (time.perf_counter() - started) * 1000, 0.0)
        waited_ms = float(response.headers[WAITED])
        return Reply(response.status, answer, (time.perf_counter() - started) * 1000 - waited_ms, waited_ms)

    def connects(self) -> Counter[str]:
        """Attempts to connect since the last time, by port and by name; none of a handler that is stuck."""
        try:
            self._line.request("GET", CONNECTS)
            return Counter(json.loads(self._line.getresponse().read()))
        except (OSError, http.client.HTTPException):
            self._line.close()
            return Counter()

    def state(self) -> State:
        """Threads, sockets and memory now."""
        proc = Path(f"/proc/{self._process.pid}")
        links = (entry.readlink() for entry in (proc / "fd").iterdir())
        sockets = sum(str(link).startswith("socket:") for link in links)
        pages = int((proc / "statm").read_text("ascii").split()[1])
        return State(len(list((proc / "task").iterdir())), sockets, pages * PAGE_MB)

    def __exit__(self, *about: object) -> None:
        self._line.close()
        super().__exit__(*about)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is. `fault` says why it is no valid one; a personalised one gave nothing up."""

    fault: str | None = None
    is_personalised: bool = False
    skipped: Sequence[str] = ()
    release: str = ""
    model: str | None = None
    items: frozenset[str] = frozenset()


def judge(reply: Reply) -> Verdict:
    """Hold an answer against the contract: 200, strict JSON, the declared form, nothing left out without a word."""
    if reply.status != 200:
        return Verdict(f"status {reply.status}: {reply.body[:200]!r}")
    try:
        orjson.loads(reply.body)  # pydantic's parser takes NaN
        answer = DecideAnswer.model_validate_json(reply.body, strict=True)
    except ValueError as error:
        return Verdict(f"{error}: {reply.body[:200]!r}")
    places = answer.placements.values()
    empty = [one for one in places if one.kind == "products" and not one.items and not one.reasons]
    if empty or not places:
        return Verdict(f"empty without a reason: {reply.body[:200]!r}")
    fell_back = any(one.fallback for one in places)
    whole = answer.model is not None and not answer.skipped and not fell_back
    if not whole and not answer.skipped and not fell_back:
        return Verdict(f"no model, and no word of it: {reply.body[:200]!r}")
    items = frozenset(item.id for one in places for item in one.items)
    return Verdict(None, whole, answer.skipped, answer.release, answer.model, items)
