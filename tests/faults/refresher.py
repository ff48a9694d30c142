"""A process that refreshes and is killed: `python -m tests.faults.refresher ADDRESS BUNDLE`.

The whole job, `jobs.refresh_recommendations`, over a lake folder and the real adapters; see `publisher`, whose fuse it
is. Answers a command with what was written, in order, if the job came to its end, and with how its process ended.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.loopback import BUCKET, TABLE
from tests.faults.publisher import Fuse, fused, quiet
from tests.fixtures.lake.builders import at_ms
from vitrine.adapters.aws import PATIENT, MakeClient, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import VitrineError
from vitrine.refresh.jobs import refresh_recommendations
from vitrine.wiring.refresh import equip


class NotedFuse(Fuse):
    """A fuse that remembers what was written: the object's name, or the call."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """See Fuse."""
        self.written.append(arguments.get("Key") or call.__name__)
        return super().write(call, **arguments)


def main() -> None:
    """Answer commands until the input ends."""
    address, bundle, fuse = sys.argv[1], Path(sys.argv[2]), NotedFuse()
    table, bucket = (
        fused(client_maker(service, PATIENT, local_stack(address)), fuse) for service in ("dynamodb", "s3")
    )
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _refresh(json.loads(line), bundle, fuse, table, bucket)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status}), flush=True)


def _refresh(command: dict[str, Any], bundle: Path, fuse: NotedFuse, table: MakeClient, bucket: MakeClient) -> None:
    """Do what a fork does, and end it."""
    fuse.kill_at, fuse.when = command["kill_at"], command["when"]
    now = datetime.fromtimestamp(at_ms(command["day"]) / 1000, UTC) + timedelta(minutes=command["minute"])
    rows = DynamoTable(TABLE, make_reader=table, make_writer=table, write_units_per_s=50_000)
    objects = S3Objects(BUCKET, make_client=bucket)
    try:
        refresh_recommendations(equip(bundle, rows, objects, objects, lambda: now), quiet, Path(command["lake"]))
    except VitrineError as error:
        print(f"refresher: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    print(json.dumps({"written": fuse.written}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
