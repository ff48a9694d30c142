"""The tests in a browser cannot go missing from the gate without anybody hearing of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

QUICKLY = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-cov")
NO_PLAYWRIGHT = "import sys\n\nsys.modules['playwright'] = None\n"
SUITE = "tests/browser/test_stub_site.py"


def judge(root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of a part of the suite with these variables."""
    return subprocess.run(
        [sys.executable, *QUICKLY, SUITE],
        cwd=root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("demand", "code", "said"), [("required", 1, "need Chromium"), ("", 0, "skipped")])
def test_without_chromium_the_tests_fail_where_it_is_required(root, tmp_path, demand, code, said):
    """And are left out on a laptop that has none."""
    pytest.importorskip("playwright")
    run = judge(root, CHROMIUM=str(tmp_path / "none"), PATH="", BROWSER_TESTS=demand)
    assert run.returncode == code, run.stdout + run.stderr
    assert said in run.stdout
    assert "apt install chromium" in run.stdout


@pytest.mark.parametrize(("demand", "code"), [("required", 2), ("", 5)])
def test_without_playwright_they_fail_where_it_is_required(root, tmp_path, demand, code):
    """And are left out, with the reason, where they are not; pytest says 5 when nothing is left to run."""
    (tmp_path / "sitecustomize.py").write_text(NO_PLAYWRIGHT)
    run = judge(root, PYTHONPATH=str(tmp_path), BROWSER_TESTS=demand)
    assert run.returncode == code, run.stdout + run.stderr
    assert demand or "need the package playwright" in run.stdout
