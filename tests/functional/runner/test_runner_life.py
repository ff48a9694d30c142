"""The stack's beginning and end: state, lock, port, and nobody left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.runner.calls import TEMPLATE, Lines, bucket_of, eventually, is_alive
from vitrine.errors import LocalStackError
from vitrine.local.stack import LocalStack


def test_state_survives_and_is_locked(tmp_path: Path) -> None:
    """A second stack on the same state is refused while the first runs, and finds its data afterwards."""
    item = {"pk": {"S": "kept"}}
    with LocalStack(TEMPLATE, tmp_path) as first:
        with pytest.raises(LocalStackError, match="another"), LocalStack(TEMPLATE, tmp_path):
            pass
        table = first.environment("EchoFunction")["TABLE"]
        first.client("dynamodb").put_item(TableName=table, Item=item)
        first.client("s3").put_object(Bucket=bucket_of(first), Key="k", Body=b"v")
    with LocalStack(TEMPLATE, tmp_path) as second:
        assert second.environment("EchoFunction")["TABLE"] == table
        assert second.client("dynamodb").get_item(TableName=table, Key=item)["Item"] == item
        assert second.client("s3").get_object(Bucket=bucket_of(second), Key="k")["Body"].read() == b"v"
        queue = second.environment("EchoFunction")["WORK_QUEUE"]
        assert queue.startswith(second.endpoint)


def test_death_of_the_emulator_is_said(tmp_path: Path) -> None:
    """Whoever looks at the log learns why nothing works any more, and the stack still ends."""
    said = Lines()
    with LocalStack(TEMPLATE, tmp_path, log=lambda name, line: said.append((name, line))) as stack:
        os.kill(stack.pids()[0], signal.SIGKILL)
        assert eventually(lambda: any("has ended" in line for line in said.of("ministack")))


def test_taken_port_is_said_before_anything_starts(stack: LocalStack, tmp_path: Path) -> None:
    """One line with the port and the remedy."""
    port = int(stack.url.rpartition(":")[2])
    with pytest.raises(LocalStackError, match=f"port {port} is taken"), LocalStack(TEMPLATE, tmp_path, port=port):
        pass


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    """After kill -9 neither the emulator nor a function in the middle of its work is left."""
    program = f"""
import sys, threading
from pathlib import Path
from vitrine.local.stack import LocalStack
with LocalStack(Path({str(TEMPLATE)!r}), Path({str(tmp_path)!r})) as stack:
    threading.Thread(target=stack.invoke, args=("EchoFunction", {{"sleep_s": 60}}), daemon=True).start()
    while len(stack.pids()) < 2:
        pass
    print(*stack.pids(), flush=True)
    threading.Event().wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(is_alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))
