"""One execution environment: `python -m tests.load.environment FOLDER` runs the handler of FOLDER/app.py.

Invocations come on the standard input and results go to the standard output, each a length of four bytes and so much
JSON; one at a time, as Lambda does it. What the handler itself prints is dropped.
"""

import importlib
import json
import os
import struct
import sys
from typing import Any, BinaryIO, Final

LENGTH: Final = struct.Struct("!I")


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name = "load"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:load"
    aws_request_id = "load"


def receive(source: BinaryIO) -> bytes | None:
    """The next message, None at the end."""
    head = source.read(LENGTH.size)
    return source.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None


def framed(data: bytes) -> bytes:
    """A message as it is sent."""
    return LENGTH.pack(len(data)) + data


def main() -> None:
    """Answer until the input ends."""
    results = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nowhere.fileno(), 1)
    sys.path.insert(0, sys.argv[1])
    handler: Any = importlib.import_module("app").handler
    results.write(framed(b"ready"))
    results.flush()
    while (event := receive(sys.stdin.buffer)) is not None:
        result = handler(json.loads(event), Context)
        results.write(framed(json.dumps(result, ensure_ascii=False).encode()))
        results.flush()


if __name__ == "__main__":
    main()
