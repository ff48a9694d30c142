"""The tests on Spark cannot go missing from the gate without anybody hearing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

QUICKLY = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-cov")
NO_PYSPARK = "import sys\n\nsys.modules['pyspark'] = None\n"


def judge(root: Path, path: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of a path with these variables."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, *QUICKLY, path], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("demand", "code", "said"), [("required", 1, "Spark needs Java 17"), ("", 0, "skipped")])
def test_without_java_the_tests_fail_where_spark_is_required(root, tmp_path, demand, code, said):
    """And are left out on a laptop that has no Java."""
    run = judge(root, "tests/spark/test_spark_engine.py", PATH=str(tmp_path), SPARK_TESTS=demand)
    assert run.returncode == code, run.stdout + run.stderr
    assert said in run.stdout


@pytest.mark.parametrize(("demand", "code"), [("required", 1), ("", 5)])
def test_without_pyspark_they_fail_to_be_collected(root, tmp_path, demand, code):
    """And are no tests at all where they are not required: pytest says 5 when nothing is left to run."""
    (tmp_path / "sitecustomize.py").write_text(NO_PYSPARK)
    run = judge(root, "tests/spark", PYTHONPATH=str(tmp_path), SPARK_TESTS=demand)
    assert run.returncode == code, run.stdout + run.stderr
