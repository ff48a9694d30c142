"""A deadline outside the client library.

botocore's read timeout counts from one received byte to the next: a server that drips a byte each 40 ms held a call
with a 60 ms timeout for 9.1 s. So a call runs in a thread and the caller gives up when the time is up. The thread
stays stuck for a while; after a few misses in a row the whole lane (threads and client, so connections too) is
replaced, else the callers that come after the outage would still wait behind stuck threads.
"""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, Generic, TypeVar

from vitrine.adapters.aws import Client, MakeClient
from vitrine.errors import DeadlineExceeded
from vitrine.values import dataclass, field

Answer = TypeVar("Answer")

WORKERS: Final = 8
TOLERATED_MISSES: Final = 3


class _Lane:
    """Threads and the client they share. The client is made by the first call, inside a thread."""

    def __init__(self, make_client: MakeClient) -> None:
        self.pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="vitrine-read")
        self._make_client = make_client
        self._client: Client = None
        self._lock = Lock()

    @property
    def is_ready(self) -> bool:
        return self._client is not None

    def client(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """A call under way."""

    future: Future[Answer]
    lane: _Lane = field(repr=False)


class DeadlineCaller:
    """Runs work with a client in threads and gives up on time. Safe to use from several threads."""

    def __init__(self, dependency: str, make_client: MakeClient) -> None:
        self._dependency = dependency
        self._make_client = make_client
        self._lane = _Lane(make_client)
        self._misses = 0
        self._lock = Lock()

    def warm(self) -> None:
        """Make the client now rather than in the first call."""
        self.client()

    def client(self) -> Client:
        """The client of the moment, made now if need be, for work without a deadline."""
        return self._lane.client()

    def start(self, work: Callable[[Client], Answer]) -> Call[Answer]:
        """Begin the work in a thread."""
        with self._lock:  # a lane is closed only after it was replaced under this lock
            lane = self._lane
            return Call(lane.pool.submit(lambda: work(lane.client())), lane)

    def finish(self, call: Call[Answer], timeout_s: float) -> Answer:
        """What the work returned, or raises what it raised.

        Raises:
            DeadlineExceeded: it did not end within timeout_s; the thread is left behind.
        """
        try:
            answer = call.future.result(max(timeout_s, 0.0))
        except TimeoutError as error:
            call.future.cancel()
            self._note_miss(call.lane)
            raise DeadlineExceeded(self._dependency, f"no answer in {timeout_s * 1000:.0f} ms") from error
        except CancelledError as error:
            raise DeadlineExceeded(self._dependency, "it was still waiting when its threads were replaced") from error
        with self._lock:
            self._misses = 0
        return answer

    def reset(self) -> None:
        """Replace threads, client and connections, so that a restored snapshot shares none with its siblings."""
        with self._lock:
            lane, self._lane, self._misses = self._lane, _Lane(self._make_client), 0
        lane.close()

    def _note_miss(self, lane: _Lane) -> None:
        with self._lock:
            if lane is not self._lane or not lane.is_ready:  # replacing it before it works would never end
                return
            self._misses += 1
            if self._misses < TOLERATED_MISSES:
                return
            self._lane, self._misses = _Lane(self._make_client), 0
        lane.close()
