"""vitrine token: what a person types to ask as a known visitor."""

import json
from pathlib import Path

import pytest

from vitrine.cli import main
from vitrine.cli.target import remember_stack
from vitrine.visitors.identity import parse_keys, verify

SECRET = json.dumps({"kid": "k1", "key": "s" * 64})


def test_a_token_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stdout, so that it can stand in a command substitution."""
    assert main(["token", "h1", "--secret", SECRET]) == 0
    printed = capsys.readouterr().out
    assert verify(printed.removesuffix("\n"), parse_keys(SECRET)) == "h1"


def test_without_a_stack_it_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear line, no traceback."""
    assert main(["token", "h1", "--stack-state", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("does not tell of a stack; start one with `make demo`\n")


def test_a_stopped_stack_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The note is there, but nobody answers."""
    remember_stack(tmp_path, "http://127.0.0.1:9", {"VITRINE_TABLE": "vitrine", "VITRINE_TOKEN_SECRET": "tokens"})
    assert main(["token", "h1", "--stack-state", str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("is not running; start it with `make demo`\n")


def test_an_impossible_visitor_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Ids with other letters cannot stand in a token."""
    assert main(["token", "h 1", "--secret", SECRET]) == 1
    assert "letters, digits" in capsys.readouterr().err
