"""An interpreter of Lambda's version on this machine."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from vitrine.cli.build_plan import PYTHON_VERSION


@cache
def find_python() -> str | None:
    """A working interpreter of Lambda's version, from PATH or pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{PYTHON_VERSION}"), *sorted(pyenv.glob(f"{PYTHON_VERSION}.*/bin/python"))]
    probe = ("-c", f"import sys; sys.exit('{PYTHON_VERSION}' != '%d.%d' % sys.version_info[:2])")
    return next((str(python) for python in candidates if python and runs(str(python), *probe)), None)


def runs(*command: str) -> bool:
    """Whether a command succeeds."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own arguments
