"""Our decide function as it is deployed, found by its path as Lambda finds it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "functions/decide"))

from app import handler

__all__ = ["handler"]
