"""What a run needs, each in a process of its own: canned stores, environments behind a thin API, the generator.

The first core is for the generator, the stores and the environments of events, the others are for the environments of
page views: what these can do per core is then not a matter of what the generator takes. On one core all share it.
"""

import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import numpy as np

from tests.bench import canned_dynamodb
from tests.bench.canned_data import SECRET
from tests.bench.harness import ROOT, BenchFailed, Process, handler_env
from tests.load import front, traffic
from tests.load.arrivals import Floats
from tests.load.samples import Samples
from tests.load.traffic import Mix, Population, Traffic
from tests.load.world import ITEMS, VISITORS, make_world
from vitrine.ports import Progress
from vitrine.visitors.identity import TokenKeys, parse_keys

DECIDE: Final = "/v1/decide"
EVENTS: Final = "/v1/events"
OURS: Final = {DECIDE: ROOT / "functions/decide", EVENTS: ROOT / "functions/collect"}
LOG_TAIL: Final = 2_000
CONNECTIONS: Final = 256
CHECK_EVERY: Final = 20
"""A whole check takes a few hundred microseconds, which at the highest rates the generator does not have."""

Through: TypeAlias = Callable[[int], AbstractContextManager[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a shop is, and how many environments serve its page views."""

    visitors: int = VISITORS
    items: int = ITEMS
    environments: int = 1
    prepared: int = traffic.PREPARED


@dataclass(frozen=True, slots=True)
class State:
    """One environment of page views: requests served, resident bytes, seconds of CPU so far."""

    pid: int
    served: int
    rss: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Rig:
    """A subject at a port of this machine and the generator that is bound to it.

    `states` are the subject's environments, `calls` what its stores were asked since the last time; both are empty
    where nobody can look inside.
    """

    url: str
    folder: Path
    generator: Process
    states: Callable[[], Sequence[State]] = field(default=lambda: ())
    calls: Callable[[], Mapping[str, int]] = field(default=dict)
    log: Path | None = None
    connections: int = CONNECTIONS

    def drive(self, times: Floats, stage: str, progress: Progress, check_every: int = CHECK_EVERY) -> Samples:
        """Send at these times and wait; one of so many answers is held against the whole contract."""
        files = {"times": str(self.folder / "times.npy"), "results": str(self.folder / "results.npz")}
        np.save(files["times"], times)
        self.generator.tell(json.dumps(files | {"check_every": check_every, "connections": self.connections}))
        while (line := self.generator.hear()).startswith("done "):
            progress(stage, int(line.removeprefix("done ")), len(times))
        progress(stage, len(times), len(times))
        return Samples.load(Path(files["results"]))

    def unexpected(self, n: int = 5) -> tuple[str, ...]:
        """The first words of the environments on what they had not foreseen."""
        text = "" if self.log is None else self.log.read_text("utf-8", errors="replace")
        return tuple(line for line in text.splitlines() if line.startswith("unexpected ") or " unexpected " in line)[:n]

    def log_tail(self) -> str:
        """The last words of the environments."""
        return "" if self.log is None else self.log.read_text("utf-8", errors="replace")[-LOG_TAIL:]


@contextmanager
def canned_rig(
    size: Size,
    mix: Mix,
    seed: int,
    progress: Progress,
    bundle: Path = ROOT,
    folders: Mapping[str, Path] | None = None,
    through: Through | None = None,
) -> Iterator[Rig]:
    """A rig over canned stores, until the block ends.

    `folders` names other handlers than ours by route; `through` takes the stores' port and opens another way to them,
    such as a fault proxy, which it gives as variables.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-load-")))
        canned, population = make_world(bundle, progress, size.visitors, size.items)
        canned_dynamodb.save(canned, folder)
        own, others = cores()
        stores = stack.enter_context(started("tests.load.shop_server", [str(folder)], own))
        port = int(stores.hear())
        variables = environment_variables(port, bundle, folder)
        if through is not None:
            with birthplace(own):
                variables |= stack.enter_context(through(port))
        handlers = OURS | dict(folders or {})
        functions = [
            front.Function(DECIDE, str(handlers[DECIDE]), size.environments, variables, others),
            front.Function(EVENTS, str(handlers[EVENTS]), 1, variables, own),
        ]
        url = stack.enter_context(open_front(functions, folder))
        keys = parse_keys(SECRET)
        generator = stack.enter_context(open_generator(url, folder, population, keys, mix, seed, size.prepared))
        yield Rig(
            url,
            folder,
            generator,
            states=partial(states_of, url),
            calls=lambda: fetched(f"http://127.0.0.1:{port}{canned_dynamodb.SEEN}")["calls"],
            log=folder / front.LOG,
        )


@contextmanager
def open_front(functions: Sequence[front.Function], folder: Path) -> Iterator[str]:
    """The address of an API with these functions, whose environments have started.

    Raises:
        BenchFailed: one did not start.
    """
    (folder / front.FILE).write_text(json.dumps([asdict(one) for one in functions]), encoding="utf-8")
    with started("tests.load.front", [str(folder)], cores()[0]) as door:
        try:
            port = int(door.hear())
        except BenchFailed as error:
            raise BenchFailed(f"{error}\n{(folder / front.LOG).read_text('utf-8')[-LOG_TAIL:]}") from error
        yield f"http://127.0.0.1:{port}"


def states_of(url: str) -> list[State]:
    """The environments of page views behind a front."""
    return [State(**one) for one in fetched(url + front.STATES)[DECIDE]]


@contextmanager
def open_generator(
    url: str, folder: Path, population: Population, keys: TokenKeys, mix: Mix, seed: int, prepared: int
) -> Iterator[Process]:
    """The generator with its requests, bound to a subject."""
    traffic.save(Traffic(population, keys, mix, seed).prepared(prepared), folder)
    with started("tests.load.generator", [str(folder), str(urlsplit(url).port)], cores()[0]) as generator:
        yield generator


def cores() -> tuple[list[int], list[int]]:
    """The cores of everything else and those of the environments of page views."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[:1], ours[1:] or ours


@contextmanager
def birthplace(on: Sequence[int]) -> Iterator[None]:
    """Children that are started in the block run on these cores and leave Ctrl-C to us: they end with their input."""
    before, handler = os.sched_getaffinity(0), signal.getsignal(signal.SIGINT)
    os.sched_setaffinity(0, on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        os.sched_setaffinity(0, before)


def started(module: str, arguments: Sequence[str], on: Sequence[int]) -> Process:
    """A module of ours as a child on these cores."""
    with birthplace(on):
        return Process(module, arguments, dict(os.environ))


def environment_variables(port: int, bundle: Path, folder: Path) -> dict[str, str]:
    """Variables of a function on Lambda, with AWS at a port of this machine."""
    return handler_env(port, bundle, folder) | {
        "AWS_LAMBDA_RUNTIME_API": "load",  # by which a function knows that it is there to be warmed at its start
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "layers/vitrine"))),
        "VITRINE_EVENTS_STREAM": "bench-events",
    }


def fetched(url: str) -> Any:
    """The JSON at an address."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return json.load(response)
