"""One Spark session and one world for all tests of this folder.

They are left out where pyspark or Java is missing, unless SPARK_TESTS=required says that this is a fault.
"""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from vitrine.refresh.engine import Engine, Limits

if TYPE_CHECKING:
    from tests.spark.rig import Rig

IS_REQUIRED = os.environ.get("SPARK_TESTS") == "required"

collect_ignore_glob = [] if IS_REQUIRED or find_spec("pyspark") else ["test_*.py"]


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Rig]":
    """Both engines, with every table on DuckDB and none on Spark yet."""
    from tests.spark.rig import open_rig

    if shutil.which("java") is None:
        give_up = pytest.fail if IS_REQUIRED else pytest.skip
        give_up("Spark needs Java 17")
    with Engine(Limits(threads=1)) as engine:
        rig = open_rig(engine, tmp_path_factory.mktemp("world"))
        yield rig
        rig.close()
