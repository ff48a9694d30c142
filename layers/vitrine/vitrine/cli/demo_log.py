"""Where the output of the demo's children goes: as it is to a file, readable to the terminal once the API serves."""

import json
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

LARGEST: Final = 10 * 1024 * 1024
METRICS: Final = "_aws"  # marks a line in CloudWatch's embedded metric format


class ChildrenLog:
    """Takes lines of children from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST:
            path.replace(path.with_suffix(".old"))
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def __call__(self, name: str, line: str) -> None:
        """Write a line, and show it when lines are shown."""
        with self._lock:
            if not self._file.closed:
                print(f"{name} | {line}", file=self._file, flush=True)
            if self.shown and (text := readable(line)):
                print(f"{name.removesuffix('Function'):>12} | {text}", file=sys.stderr, flush=True)


def readable(line: str) -> str:
    """A log line as a person reads it: of a structured one level and message, or error and traceback; of metrics
    nothing; other lines stay."""
    try:
        record = json.loads(line)
        if METRICS in record:
            return ""
        level, message = record["level"], record.get("message", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return line
    if "errorType" in record:
        message = f"{record['errorType']}: {record.get('errorMessage', '')}\n{''.join(record.get('stackTrace', []))}"
    return f"{level} {message if isinstance(message, str) else json.dumps(message)}".strip()
