"""The token secret in the local stack."""

import json
import os
from pathlib import Path

import pytest

from tests.contract.local_stack import account, maker
from vitrine.adapters.secrets_manager import Secret
from vitrine.cli import main
from vitrine.cli.target import remember_stack
from vitrine.errors import DependencyFailed
from vitrine.visitors.identity import parse_keys, verify

SECRET = json.dumps({"kid": "k1", "key": "s" * 64})


@pytest.mark.stack
def test_a_secret_is_read_and_signs_tokens(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command mints on a stack verifies with that stack's secret."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    maker("secretsmanager", stack)().create_secret(Name="tokens", SecretString=SECRET)
    assert Secret("tokens", account(stack)).read() == SECRET
    remember_stack(tmp_path, stack, {"VITRINE_TABLE": "vitrine", "VITRINE_TOKEN_SECRET": "tokens"})
    assert main(["token", "h1", "--stack-state", str(tmp_path)]) == 0
    assert verify(capsys.readouterr().out.strip(), parse_keys(SECRET)) == "h1"


@pytest.mark.stack
def test_an_absent_secret_is_a_failed_dependency(stack: str) -> None:
    """Errors of the vendor's library do not pass the adapter."""
    with pytest.raises(DependencyFailed, match="ResourceNotFoundException"):
        Secret("absent", account(stack)).read()


@pytest.mark.stack
def test_a_binary_secret_is_refused(stack: str) -> None:
    """Only a text can hold keys."""
    maker("secretsmanager", stack)().create_secret(Name="binary", SecretBinary=b"\x00")
    with pytest.raises(DependencyFailed, match="not a text"):
        Secret("binary", account(stack)).read()
