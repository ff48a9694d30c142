"""How the demo shows its children's output."""

import json
from pathlib import Path

import pytest

from vitrine.cli.demo_log import ChildrenLog, readable


def test_structured_lines_become_readable() -> None:
    """Level and message of a JSON line; error and traceback of a failure; no metrics; the rest as it is."""
    assert readable(json.dumps({"level": "INFO", "message": "published", "requestId": "r"})) == "INFO published"
    error = {
        "level": "ERROR",
        "errorType": "KeyError",
        "errorMessage": "'x'",
        "stackTrace": ["  File a\n", "  File b\n"],
    }
    assert readable(json.dumps(error)) == "ERROR KeyError: 'x'\n  File a\n  File b"
    assert readable(json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}, "Decisions": 1})) == ""
    for line in ("plain text", "{", "3", '{"a": 1}', "[]"):
        assert readable(line) == line


def test_lines_are_kept_always_and_shown_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file gets every line, the terminal those that come while lines are shown."""
    path = tmp_path / "logs" / "functions.log"
    with ChildrenLog(path) as log:
        log("DecideFunction", "early")
        log.shown = True
        log("DecideFunction", "late")
    log("DecideFunction", "after the end")
    assert path.read_text().splitlines() == ["DecideFunction | early", "DecideFunction | late"]
    assert "early" not in (shown := capsys.readouterr().err)
    assert "Decide | late" in shown
