"""Handlers without the metrics that they print: of some thousand requests there would be megabytes."""

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO


@contextmanager
def quiet() -> Iterator[None]:
    """Standard output goes nowhere until the block ends."""
    with redirect_stdout(StringIO()):
        yield
