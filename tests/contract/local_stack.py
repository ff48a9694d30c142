"""A ministack of the contract suite's own: a child process on a free loopback port."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.config import Config

from vitrine.adapters.aws import MakeClient, client_maker, local_stack
from vitrine.adapters.aws_account import AwsAccount

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


def free_port() -> int:
    """A loopback port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """A running stack; its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    env = os.environ | {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PERSIST_STATE": "0"}
    executable = Path(sys.executable).parent / "ministack"
    with (folder / "ministack.log").open("wb") as log:
        child = subprocess.Popen([executable], env=env, stdout=log, stderr=log, cwd=folder)
    try:
        _wait_until_up(address, child)
        yield address
    finally:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_until_up(address: str, child: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up and child.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("ministack did not start")


def maker(service: str, address: str) -> MakeClient:
    """A client maker aimed at the stack."""
    return client_maker(service, Config(retries={"total_max_attempts": 2, "mode": "standard"}), local_stack(address))


def account(address: str) -> AwsAccount:
    """The account that lean adapters find at an address."""
    variables = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"}
    return AwsAccount({**variables, "AWS_ENDPOINT_URL": address})
