"""The token secret in the local stack."""

import json

import pytest

from tests.contract.local_stack import maker
from vitrine.adapters.secrets_manager import read_secret
from vitrine.cli.token_command import mint_on_stack
from vitrine.errors import DependencyFailed
from vitrine.visitors.identity import parse_keys, verify

SECRET = json.dumps({"kid": "k1", "key": "s" * 64})


@pytest.mark.stack
def test_a_secret_is_read_and_signs_tokens(stack: str) -> None:
    """What the command mints on a stack verifies with that stack's secret."""
    maker("secretsmanager", stack)().create_secret(Name="tokens", SecretString=SECRET)
    assert read_secret("tokens", make_client=maker("secretsmanager", stack)) == SECRET
    assert verify(mint_on_stack("h1", stack, "tokens"), parse_keys(SECRET)) == "h1"


@pytest.mark.stack
def test_an_absent_secret_is_a_failed_dependency(stack: str) -> None:
    """Errors of the vendor's library do not pass the adapter."""
    with pytest.raises(DependencyFailed, match="ResourceNotFoundException"):
        read_secret("absent", make_client=maker("secretsmanager", stack))


@pytest.mark.stack
def test_a_binary_secret_is_refused(stack: str) -> None:
    """Only a text can hold keys."""
    maker("secretsmanager", stack)().create_secret(Name="binary", SecretBinary=b"\x00")
    with pytest.raises(DependencyFailed, match="not a text"):
        read_secret("binary", make_client=maker("secretsmanager", stack))
