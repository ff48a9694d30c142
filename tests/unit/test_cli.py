"""The `vitrine` command itself, in a process of its own."""

import os
import subprocess
import sys

COMMAND = "import sys; from vitrine.cli import main; sys.exit(main(sys.argv[1:]))"


def test_nobody_reading_any_more_is_no_fault():
    """As in `vitrine attributes | head`: no traceback, and the code that shells report of such a program."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([sys.executable, "-c", COMMAND, "attributes"], stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_output_that_is_read_ends_well():
    """The same command with a reader."""
    ended = subprocess.run([sys.executable, "-c", COMMAND, "attributes"], capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert b"weather.temperature_c" in ended.stdout
