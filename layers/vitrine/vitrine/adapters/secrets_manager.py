"""Secrets from AWS Secrets Manager."""

from typing import Final

from vitrine.adapters.aws import PATIENT, MakeClient, client_maker, vendor_errors
from vitrine.errors import DependencyFailed

DEPENDENCY: Final = "secret"


def read_secret(secret: str, *, make_client: MakeClient | None = None) -> str:
    """The current text of a secret, by name or ARN.

    Raises:
        DependencyFailed: it cannot be read or is not a text.
    """
    with vendor_errors(DEPENDENCY):
        answer = (make_client or client_maker("secretsmanager", PATIENT))().get_secret_value(SecretId=secret)
    text = answer.get("SecretString")
    if not isinstance(text, str):
        raise DependencyFailed(DEPENDENCY, "the secret is not a text")
    return text
