"""A process that writes and is killed: it reads one command a line, and a fork does what it says.

The fork kills itself with SIGKILL right before or right after its k-th write (k = 0: never). Answered is a line of how
the fork ended and, if it came to an end, one of what it wrote. Forked from one process that has imported everything and
has no threads, a writer costs some milliseconds instead of a second.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final, TypeAlias

from tests.faults.loopback import BUCKET, TABLE
from vitrine.adapters.aws import PATIENT, Client, MakeClient, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import VitrineError

WRITES: Final = {"batch_write_item", "delete_objects", "put_item", "put_object"}

Work: TypeAlias = Callable[[dict[str, Any], DynamoTable, S3Objects], None]
"""What a fork does with a command, a table and a bucket."""


class Fuse:
    """Counts the writes of all clients and kills the process at the one that was asked for.

    `written` holds their names, in order: the object's, or the call.
    """

    def __init__(self) -> None:
        self.written: list[str] = []
        self.kill_at, self.when = 0, "before"
        self._lock = Lock()

    def write(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """Make a call that writes."""
        with self._lock:
            self.written.append(arguments.get("Key") or call.__name__)
            is_last = len(self.written) == self.kill_at
        if is_last and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = call(**arguments)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


@dataclass(frozen=True, slots=True)
class Fused:
    """A client whose writes burn the fuse."""

    client: Client
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        """The client's own method, or one that counts."""
        method = getattr(self.client, name)
        return partial(self.fuse.write, method) if name in WRITES else method


def fused(service: str, address: str, fuse: Fuse) -> MakeClient:
    """A maker of the one client that is made now, before any fork."""
    client = Fused(client_maker(service, PATIENT, local_stack(address))(), fuse)
    return lambda: client


def answer_commands(address: str, work: Work) -> None:
    """Fork for each command until the input ends."""
    fuse = Fuse()
    table, bucket = (fused(service, address, fuse) for service in ("dynamodb", "s3"))
    for line in sys.stdin:
        child = os.fork()
        if not child:
            rows = DynamoTable(TABLE, make_reader=table, make_writer=table, write_units_per_s=50_000)
            _work(work, json.loads(line), fuse, rows, S3Objects(BUCKET, make_client=bucket))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status}), flush=True)


def _work(work: Work, command: dict[str, Any], fuse: Fuse, table: DynamoTable, objects: S3Objects) -> None:
    """Do what a fork does, and end it."""
    fuse.kill_at, fuse.when = command.get("kill_at", 0), command.get("when", "before")
    try:
        work(command, table, objects)
    except VitrineError as error:
        print(f"{sys.argv[0]}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    print(json.dumps({"written": fuse.written}), flush=True)
    os._exit(0)


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""
