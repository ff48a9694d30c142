"""One contestant in a process of its own: `python -m tests.bench.child KIND FOLDER`.

Reads one JSON command a line from its standard input and answers each with a line; ends with its input. The contestant
is imported when the first command comes, and nothing else is imported that it would not import itself. What the handler
prints (its metrics) goes nowhere.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name = "decide"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:decide"
    aws_request_id = "bench"


def measure(call: Callable[[], object], requests: int) -> dict[str, float]:
    """Microseconds of CPU (all threads of this process) and of wall time per request."""
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    for _ in range(requests):
        call()
    return {
        "cpu_us": (time.process_time_ns() - cpu) / 1000 / requests,
        "wall_us": (time.perf_counter_ns() - wall) / 1000 / requests,
    }


def resident_mb() -> float:
    """Memory of this process that is in RAM, in MB (2^20 bytes)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        name, _, told = line.partition(":")
        if name == "VmRSS":
            return int(told.removesuffix("kB")) / 1024
    raise RuntimeError("/proc does not tell of memory")


def main() -> None:
    """Answer `{"requests": n}` with a measurement, `{"memory": true}` with MB and `{}` with one whole response."""
    kind, folder = sys.argv[1], Path(sys.argv[2])
    event: dict[str, Any] = json.loads((folder / "event.json").read_text("utf-8"))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for line in sys.stdin:
        command = json.loads(line)
        if "memory" in command:
            print(json.dumps(round(resident_mb(), 1)), file=answers, flush=True)
            continue
        handler = importlib.import_module(f"tests.bench.{kind}").handler

        def call() -> object:
            return handler(event, Context)  # noqa: B023 - used within the turn of the loop that made it

        told = measure(call, command["requests"]) if "requests" in command else call()
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
