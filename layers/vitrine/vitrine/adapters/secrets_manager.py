"""Secrets from AWS Secrets Manager."""

from typing import Final

from botocore.config import Config

from vitrine.adapters.aws import PATIENT, Client, MakeClient, client_maker, vendor_errors
from vitrine.errors import DependencyFailed

DEPENDENCY: Final = "secret"

BRISK: Final = Config(
    connect_timeout=0.3,
    read_timeout=0.5,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=2,
)
"""For a function that reads its secret while somebody may wait."""


def read_secret(secret: str, *, make_client: MakeClient | None = None) -> str:
    """The current text of a secret, by name or ARN, read with patience.

    Raises:
        DependencyFailed: it cannot be read or is not a text.
    """
    return read_with((make_client or client_maker("secretsmanager", PATIENT))(), secret)


def read_with(client: Client, secret: str) -> str:
    """As `read_secret`, with a client that is there already."""
    with vendor_errors(DEPENDENCY):
        answer = client.get_secret_value(SecretId=secret)
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise DependencyFailed(DEPENDENCY, "the secret is not a text")
    return text
