"""ministack as a child: AWS on loopback, with its state kept in a folder."""

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from vitrine.errors import LocalStackError
from vitrine.local.children import Child, Log
from vitrine.local.declared import ACCOUNT, REGION

HEALTH_PATH: Final = "/_ministack/health"
START_S: Final = 60.0  # a large kept state is read before the first answer
STOP_S: Final = 60.0  # and written after the last


@dataclass(frozen=True)
class Emulator:
    """A running ministack."""

    endpoint: str
    child: Child

    @classmethod
    async def start(cls, state: Path, log: Log) -> "Emulator":
        """Start it on a free port and wait until it answers.

        Raises:
            LocalStackError: it ended or did not answer in time.
        """
        port = free_port()
        state.mkdir(parents=True, exist_ok=True)
        child = await Child.start(
            [sys.executable, "-m", "ministack"], environment(state, port), state, signal.SIGTERM, "ministack", log
        )
        emulator = cls(f"http://127.0.0.1:{port}", child)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(emulator.stop)
            await emulator.wait_until_healthy()
            undo.pop_all()
        return emulator

    async def wait_until_healthy(self) -> None:
        """Return at its first answer."""
        deadline = time.monotonic() + START_S
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline and self.child.is_alive:
                try:
                    async with session.get(self.endpoint + HEALTH_PATH) as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.03)
        raise LocalStackError("ministack, the AWS emulator, does not start; its last words are above")

    async def stop(self) -> None:
        """Ask it to write its state and end."""
        await self.child.stop(signal.SIGTERM, STOP_S)


def free_port() -> int:
    """A TCP port that nobody listens to on loopback at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(state: Path, port: int) -> dict[str, str]:
    """Variables that bind ministack to loopback and to its folder; nothing of ours is inherited but the path."""
    return {
        "PATH": os.defpath,
        "HOME": str(state),
        "TMPDIR": str(state),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "LOG_LEVEL": "ERROR",
    }
