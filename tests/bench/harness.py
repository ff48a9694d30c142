"""Run contestants in processes of their own against one canned server, interleaved, and take medians."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from tests.bench import canned_dynamodb
from tests.bench.canned_data import RELEASE, Canned, Sizes, event_of, make_canned
from vitrine.ports import Progress

ROOT: Final = Path(__file__).parents[2]
USUAL: Final = Sizes()
SAME_SIZE: Final = 0.05
"""Answers may differ in bytes by this share and still count as equally large."""


class BenchFailed(Exception):
    """The contestants do not do comparable work, so that a comparison would mean nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Microseconds per request."""

    cpu_us: float
    wall_us: float


class Process:
    """A Python module in a child process that is spoken to in lines and ends with its standard input."""

    def __init__(self, module: str, arguments: Sequence[str], env: dict[str, str]) -> None:
        self._name = " ".join((module, *arguments))
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            cwd=ROOT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def tell(self, line: str) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """The next line that it prints.

        Raises:
            BenchFailed: it ended instead; its own error stands above.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchFailed(f"{self._name} ended early; its error stands above")
        return line


class Contestant(Process):
    """A handler in a process of its own."""

    def __init__(self, kind: str, stage: "Stage") -> None:
        super().__init__("tests.bench.child", [kind, str(stage.folder)], stage.env)

    def answer(self) -> dict[str, Any]:
        """The body of one whole answer.

        Raises:
            BenchFailed: it is not a success.
        """
        self.tell("{}")
        response = json.loads(self.hear())
        if response["statusCode"] != 200:
            raise BenchFailed(f"answered {response['statusCode']}: {response['body'][:300]}")
        body: dict[str, Any] = json.loads(response["body"])
        return body

    def measure(self, requests: int) -> Sample:
        """Mean cost of a request over that many."""
        self.tell(json.dumps({"requests": requests}))
        return Sample(**json.loads(self.hear()))


@dataclass(frozen=True, slots=True)
class Stage:
    """The canned server's contents and address, and the environment that leads handlers there."""

    canned: Canned
    folder: Path
    env: dict[str, str]

    def seen(self) -> dict[str, Any]:
        """What the server was asked since the last time."""
        with urllib.request.urlopen(self.env["AWS_ENDPOINT_URL"] + canned_dynamodb.SEEN) as response:
            seen: dict[str, Any] = json.load(response)
        return seen

    def asking(self, name: str, **options: object) -> "Stage":
        """The same stage with other options in the request."""
        folder = self.folder / name
        folder.mkdir()
        request = {**self.canned.request, "options": {**self.canned.request["options"], **options}}
        (folder / "event.json").write_text(json.dumps(event_of(request)), encoding="utf-8")
        return Stage(self.canned, folder, self.env)

    def with_settings(self, **settings: str) -> "Stage":
        """The same stage with other variables in the environment."""
        return Stage(self.canned, self.folder, {**self.env, **settings})


def plain_bundle(folder: Path, bundle: Path = ROOT) -> Path:
    """A bundle with the model of `bundle` and the small test store: no campaigns, no places."""
    folder.mkdir()
    (folder / "store").symlink_to(ROOT / "tests" / "fixtures" / "store")
    (folder / "models").symlink_to(bundle.resolve() / "models")
    return folder


@contextmanager
def open_stage(bundle: Path = ROOT, sizes: Sizes = USUAL) -> Iterator[Stage]:
    """A canned server with a page view, until the block ends. `bundle` holds store/ and models/ranker/."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-bench-")))
        canned = make_canned(bundle, sizes)
        canned_dynamodb.save(canned, folder)
        (folder / "event.json").write_text(json.dumps(event_of(canned.request)), encoding="utf-8")
        server = stack.enter_context(Process("tests.bench.canned_dynamodb", [str(folder)], dict(os.environ)))
        yield Stage(canned, folder, handler_env(int(server.hear()), bundle, folder))


def handler_env(port: int, bundle: Path, folder: Path) -> dict[str, str]:
    """The environment of a handler: what template.yaml gives it, with AWS at the canned server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VITRINE_"))}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "BENCH_FOLDER": str(folder),
        "BENCH_RELEASE": RELEASE,
        "OPENBLAS_NUM_THREADS": "1",  # for the naive handler, too: it would start one thread per core and wait for them
        "POWERTOOLS_SERVICE_NAME": "vitrine",
        "VITRINE_BUNDLE": str(bundle),
        "VITRINE_EXERCISE_PER_MILLION": "1",
        "VITRINE_DECISIONS_STREAM": canned_dynamodb.STREAM,
        "VITRINE_RELEASES_BUCKET": canned_dynamodb.BUCKET,
        "VITRINE_TABLE": canned_dynamodb.TABLE,
        "VITRINE_TOKEN_SECRET": "bench-secret",
    }


def check_comparable(ours: dict[str, Any], naive: dict[str, Any]) -> None:
    """Refuse to compare answers that are not alike.

    Raises:
        BenchFailed: ours gave up a stage, fell back or scored nothing, or the two differ in items or in size.
    """
    if ours["skipped"] or not ours["model"] or any(one["fallback"] for one in ours["placements"].values()):
        raise BenchFailed(f"ours gave up {ours['skipped']}, model {ours['model']}")
    shown = [{name: len(one["items"]) for name, one in answer["placements"].items()} for answer in (ours, naive)]
    if shown[0] != shown[1]:
        raise BenchFailed(f"ours shows {shown[0]}, naive {shown[1]}")
    sizes = [len(json.dumps(answer)) for answer in (ours, naive)]
    if abs(sizes[0] - sizes[1]) > SAME_SIZE * sizes[0]:
        raise BenchFailed(f"ours answers {sizes[0]} bytes, naive {sizes[1]}")


def interleave(contestants: dict[str, Contestant], rounds: int, requests: int, progress: Progress) -> dict[str, Sample]:
    """Medians over the rounds; each round measures every contestant, beginning with another one each time."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            samples[name].append(contestants[name].measure(requests))
        progress("measure", number + 1, rounds)
    return {
        name: Sample(median(one.cpu_us for one in taken), median(one.wall_us for one in taken))
        for name, taken in samples.items()
    }
