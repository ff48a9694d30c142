"""The running stack of the cost bench: as `make demo` starts it, with a meter on the way to AWS, one call at a time."""

import gzip
import json
import os
import shutil
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.bench.bill import Plan
from tests.bench.canned_data import event_of
from tests.bench.harness import ROOT, BenchFailed
from tests.bench.meter import Meter
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.secrets_manager import Secret
from vitrine.cli.build_plan import content_hash
from vitrine.cli.demo_journal import Journal
from vitrine.cli.demo_setup import Setup
from vitrine.local.stack import LocalStack
from vitrine.ports import Progress
from vitrine.visitors.identity import TokenKeys, mint, parse_keys

STATE: Final = ROOT / "build" / "cost"
"""Kept between runs, and made anew when the code has changed: setting up takes minutes."""

CODE: Final = "code.sha256"
FUNCTIONS: Final = {"decide": "DecideFunction", "collect": "CollectFunction"}
PATHS: Final = {"decide": "/v1/decide", "collect": "/v1/events"}
TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a function answered, the bytes of it, and how long it took with the runner around it."""

    body: Mapping[str, Any]
    bytes_out: int
    duration_ms: float


@dataclass(slots=True)
class Driver:
    """Sends calls to the running functions and knows what they took."""

    running: LocalStack
    meter: Meter
    lake: Path
    keys: TokenKeys
    log_bytes: dict[str, int]
    starts_ms: dict[str, float]
    durations: dict[str, float] = field(default_factory=dict)
    began_cpu: dict[str, float] = field(default_factory=dict)

    @property
    def template(self) -> Mapping[str, Any]:
        """The template's document."""
        return self.running.template.document

    def token(self, visitor: str) -> str:
        """A visitor's token."""
        return mint(visitor, self.keys)

    def view_event(self, item: str) -> dict[str, Any]:
        """A look at an item, now."""
        return {"id": os.urandom(8).hex(), "kind": "view", "at_ms": time.time_ns() // 1_000_000, "item": item}

    def begin(self) -> None:
        """Count from here."""
        self.meter.take()
        self.log_bytes.clear()
        self.durations.clear()
        self.began_cpu = {name: self._cpu_ms(name) for name in FUNCTIONS}

    def post(self, function: str, body: Mapping[str, Any]) -> Answered:
        """One call, as the gateway would hand it over.

        Raises:
            BenchFailed: it is not answered with success.
        """
        event = {**event_of(dict(body)), "rawPath": PATHS[function], "routeKey": f"POST {PATHS[function]}"}
        event["requestContext"]["http"]["path"] = PATHS[function]
        event["requestContext"]["routeKey"] = event["routeKey"]
        event["headers"]["accept-encoding"] = "gzip, deflate, br"  # as every browser says
        started = time.perf_counter()
        outcome = self.running.invoke(FUNCTIONS[function], event)
        duration_ms = (time.perf_counter() - started) * 1000
        response = json.loads(outcome.payload)
        if outcome.failed or response["statusCode"] >= 300:
            raise BenchFailed(f"{function} answered {outcome.payload[:300]!r}")
        self.durations[function] = self.durations.get(function, 0.0) + duration_ms
        data = _bytes_of(response)
        is_packed = response["headers"].get("Content-Encoding") == "gzip"
        return Answered(json.loads((gzip.decompress(data) if is_packed else data) or b"{}"), len(data), duration_ms)

    def plan(self, function: str, calls: int) -> Plan:
        """What the calls since `begin` took on average."""
        declared = self.running.functions[FUNCTIONS[function]]
        cpu_ms = (self._cpu_ms(function) - self.began_cpu[function]) / calls
        properties = self.template["Resources"][FUNCTIONS[function]]["Properties"]
        tracing = properties.get("Tracing", self.template["Globals"]["Function"].get("Tracing"))
        return Plan(
            memory_mb=declared.memory_mb,
            cpu_ms=cpu_ms,
            wait_ms=max(0.0, self.durations[function] / calls - cpu_ms),
            log_bytes=self.log_bytes.get(FUNCTIONS[function], 0) / calls,
            start_ms=self.starts_ms[function],
            is_traced=tracing == "Active",
            has_snapshot=declared.snap_start,
        )

    def _cpu_ms(self, function: str) -> float:
        """CPU time that the function's environments have taken, in steps of a clock tick."""
        name = f"AWS_LAMBDA_FUNCTION_NAME={self.running.functions[FUNCTIONS[function]].name}".encode()
        total = 0.0
        for pid in self.running.pids():
            if name in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                after_name = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
                total += (int(after_name[11]) + int(after_name[12])) * TICK_MS  # utime and stime, proc(5)
        return total


@contextmanager
def open_driver(state: Path | None, progress: Progress) -> Iterator[Driver]:
    """The stack over the demo's data, set up if need be; `state` instead of STATE is taken as it is."""
    folder = state or _own_state()
    log_bytes: dict[str, int] = {}

    def count(name: str, line: str) -> None:
        log_bytes[name] = log_bytes.get(name, 0) + len(line.encode()) + 1

    before = dict(os.environ)
    with ExitStack() as stack:
        stack.callback(_restore, before)
        meter = stack.enter_context(Meter())
        overrides = {"VITRINE_BUNDLE": str(ROOT), "AWS_ENDPOINT_URL": meter.url}
        running = stack.enter_context(
            LocalStack(ROOT / "template.yaml", folder, concurrency=1, environment=overrides, log=count)
        )
        meter.upstream = running.endpoint
        setup = Setup(running, folder / "lake")
        journal = Journal(folder / "setup.json")
        journal.run(journal.remaining(setup.steps), progress)
        starts_ms = {name: _start(running, function) for name, function in FUNCTIONS.items()}
        keys = parse_keys(
            Secret(running.environment("DecideFunction")["VITRINE_TOKEN_SECRET"], AwsAccount(os.environ)).read()
        )
        yield Driver(running, meter, folder / "lake", keys, log_bytes, starts_ms)


def _bytes_of(response: Mapping[str, Any]) -> bytes:
    """The body as the gateway sends it."""
    body = (response["body"] or "").encode()
    return b64decode(body) if response.get("isBase64Encoded") else body


def _start(running: LocalStack, function: str) -> float:
    """Milliseconds from the start of an environment's process to its readiness."""
    started = time.perf_counter()
    running.warm(function)
    return (time.perf_counter() - started) * 1000


def _own_state() -> Path:
    """The kept state, forgotten if other code made it."""
    code = content_hash(ROOT)
    if STATE.exists() and (not (STATE / CODE).exists() or (STATE / CODE).read_text("ascii") != code):
        shutil.rmtree(STATE)
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / CODE).write_text(code, encoding="ascii")
    return STATE


def _restore(environment: Mapping[str, str]) -> None:
    """Setting up points this process at the emulator; afterwards it is as it was."""
    os.environ.clear()
    os.environ.update(environment)
