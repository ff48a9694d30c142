"""What Lambda runs after it restored an execution environment from a SnapStart snapshot.

The library is part of Lambda's Python runtime from 3.12 on. Where it is missing there are no snapshots either.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Final

LIBRARY: Final = "snapshot_restore_py"


def after_restore(callback: Callable[[], object]) -> bool:
    """Have the callback called after every restore, in the order of registration; False when there are no snapshots."""
    if find_spec(LIBRARY) is None:
        return False
    import_module(LIBRARY).register_after_restore(callback)
    return True
