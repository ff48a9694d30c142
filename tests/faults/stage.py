"""What the fault tests play on: a healthy backend, the proxy before each of its services, and environments behind it.

The page view is the bench's: a known visitor's home page of three placements, with the deadline that callers get when
they name none.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench import canned_dynamodb
from tests.bench.canned_data import Canned, make_canned
from tests.bench.harness import handler_env, plain_bundle
from tests.faults.backend import Backend
from tests.faults.environment import Environment
from tests.faults.generations import World
from tests.faults.proxy import ENDPOINTS, FaultProxy
from tests.faults.subject import NAME

DEPENDENCIES: Final = tuple(ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Stage:
    """Backend, proxy, and what leads an environment to them. `page` is the body of the page view; while there is a file
    `name`, the unresolvable host resolves."""

    canned: Canned
    folder: Path
    backend: Backend
    proxy: FaultProxy
    env: Mapping[str, str]
    page: bytes
    name: Path

    @property
    def bundle(self) -> Path:
        """Where store/ and models/ lie."""
        return Path(self.env["VITRINE_BUNDLE"])

    def world(self) -> World:
        """Releases of this page view, none of which is there yet."""
        return World(self.canned, self.bundle / "store", self.folder / "world")

    def environment(self, *sabotages: str, **variables: str) -> Environment:
        """A fresh environment, sabotaged, with other variables."""
        return Environment({**self.env, **variables}, *sabotages)

    def heal(self) -> None:
        """Let all dependencies pass again."""
        for dependency in DEPENDENCIES:
            self.proxy.set(dependency, "pass")


@contextmanager
def open_stage(bundle: Path | None = None) -> Iterator[Stage]:
    """A stage until the block ends; by default the store has no campaigns."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-faults-")))
        bundle = bundle or plain_bundle(folder / "bundle")
        canned = make_canned(bundle)
        canned_dynamodb.save(canned, folder)
        backend = stack.enter_context(Backend(folder))
        proxy = stack.enter_context(FaultProxy(dict.fromkeys(DEPENDENCIES, backend.port)))
        env = {**handler_env(backend.port, bundle, folder), **proxy.endpoints(), NAME: str(folder / "name")}
        yield Stage(canned, folder, backend, proxy, env, page_of(canned.request), folder / "name")


def page_of(request: Mapping[str, object]) -> bytes:
    """The body of a page view without options."""
    return json.dumps({name: value for name, value in request.items() if name != "options"}).encode()
