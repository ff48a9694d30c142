"""Run as a script: become a command that the kernel ends when our parent dies.

`python -I -S leash.py SIGNAL PARENT COMMAND...`. A small program of its own rather than a `preexec_fn`, because Python
code between fork and exec is not safe in a process with threads. Without Linux's `prctl` the command simply runs:
functions then end when they next ask their Runtime API for work and find it gone.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(signal: int, parent: int, command: list[str]) -> None:
    """Replace this process by the command; do not even start when the parent is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
        if os.getppid() != parent:
            return
    os.execv(command[0], command)  # noqa: S606 - our own command, no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
