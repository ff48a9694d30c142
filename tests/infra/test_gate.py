"""The script that must pass before a change lands: what it asks for, and that it fails when anything in it does."""

import os
import shutil
import subprocess

import pytest

STAND_IN = """#!/bin/sh
echo "SPARK_TESTS=$SPARK_TESTS BROWSER_TESTS=$BROWSER_TESTS make $*" >>"$LOG"
case "$*" in *"$FAILING"*) exit 1 ;; esac
"""
"""For `make`: it notes what is asked of it and does nothing."""


@pytest.mark.parametrize(
    "failing",
    ["(nothing)", "--ignore tests/abuse --ignore tests/browser", "tests/unit", "no:cacheprovider tests/abuse", "lint"],
)
def test_the_gate_asks_for_every_suite_and_fails_with_any(root, tmp_path, failing):
    commands, log = tmp_path / "commands", tmp_path / "log"
    commands.mkdir()
    programs = {"make": STAND_IN, "java": "#!/bin/sh\n", "chromium": "#!/bin/sh\n", "python3.13": "#!/bin/sh\n"}
    for name, text in programs.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    (tmp_path / ".ci").mkdir()
    gate = shutil.copy(root / ".ci" / "run", tmp_path / ".ci")
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_TESTS")}
    environment |= {"PATH": f"{commands}:{os.environ['PATH']}", "LOG": str(log), "FAILING": failing}
    run = subprocess.run(["bash", gate], env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode == 0) is (failing == "(nothing)"), run.stdout + run.stderr
    asked = log.read_text()
    if failing != "lint":
        assert "SPARK_TESTS=required BROWSER_TESTS= make test ARGS=--cov" in asked
        others = "BROWSER_TESTS=required make test ARGS=-p no:cacheprovider tests/abuse tests/browser"
        assert others in asked
        assert "VENV=.venv313 ARGS=-p no:cacheprovider tests/unit tests/functional" in asked
