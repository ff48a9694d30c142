"""All execution environments of one function: reused while they live, started when needed, N at most."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import Mapping
from typing import Final

from vitrine.local.children import Child, Log
from vitrine.local.declared import REGION, Function
from vitrine.local.resources import CREDENTIALS
from vitrine.local.runtime_api import RuntimeApi
from vitrine.local.sandbox import Outcome, Sandbox

PYTHON_VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


class Pool:
    """Runs a function's invocations. At the limit they wait: it is this machine's limit, not the template's."""

    def __init__(
        self, function: Function, variables: Mapping[str, str], limit: int, runtime_api: RuntimeApi, log: Log
    ) -> None:
        self.function = function
        self.variables = variables
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[Sandbox] = []
        self._addresses: dict[Sandbox, str] = {}
        self._runtime_api = runtime_api
        self._log = log

    @property
    def pids(self) -> list[int]:
        """Process ids of the children that are there."""
        return [sandbox.pid for sandbox in self._addresses if sandbox.pid is not None]

    async def invoke(self, event: bytes) -> Outcome:
        """Run one event in an idle environment or, failing that, in a new one."""
        async with self._slots:
            while self._idle:
                sandbox = self._idle.pop()
                if sandbox.is_alive:
                    return await self._run(sandbox, event)
                await self._discard(sandbox)
            started = await self._start()
            return started if isinstance(started, Outcome) else await self._run(started, event)

    async def warm(self) -> Outcome | None:
        """Start one environment ahead of the first invocation; why it does not start, else None."""
        async with self._slots:
            started = await self._start()
            if isinstance(started, Outcome):
                return started
            self._idle.append(started)
            return None

    async def stop(self) -> None:
        """End all environments, busy or idle."""
        await asyncio.gather(*(self._discard(sandbox) for sandbox in list(self._addresses)))

    async def _run(self, sandbox: Sandbox, event: bytes) -> Outcome:
        outcome = await sandbox.invoke(event)
        if sandbox.is_alive:
            self._idle.append(sandbox)
        else:
            await self._discard(sandbox)
        return outcome

    async def _start(self) -> Sandbox | Outcome:
        sandbox = Sandbox(self.function)
        address = self._addresses[sandbox] = await self._runtime_api.admit(sandbox)
        command = [sys.executable, "-m", "awslambdaric", self.function.handler]
        variables = {**self.variables, "AWS_LAMBDA_RUNTIME_API": address}
        child = await Child.start(command, variables, self.function.folder, signal.SIGKILL, self.function.id, self._log)
        failure = await sandbox.wait_until_ready(child)
        if failure is None:
            return sandbox
        await self._discard(sandbox)
        return failure

    async def _discard(self, sandbox: Sandbox) -> None:
        address = self._addresses.pop(sandbox, None)
        await sandbox.stop()
        if address is not None:
            await self._runtime_api.dismiss(address)


def lambda_variables(function: Function, endpoint: str, pythonpath: str) -> dict[str, str]:
    """Everything that a function finds in its environment on Lambda; nothing is inherited from ours."""
    return {
        **function.environment,
        **aws_variables(endpoint),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON_VERSION}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if function.snap_start else "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_LEVEL": function.log_level,
        "AWS_LAMBDA_LOG_STREAM_NAME": uuid.uuid4().hex,
        "LAMBDA_TASK_ROOT": str(function.folder),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(function.folder), pythonpath]),
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }


def aws_variables(endpoint: str) -> dict[str, str]:
    """Variables by which boto3 finds the emulator and nothing else: no profile, no metadata service."""
    return {
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
