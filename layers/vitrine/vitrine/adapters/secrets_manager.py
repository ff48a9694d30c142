"""Secrets from AWS Secrets Manager."""

from typing import Final

import orjson

from vitrine.adapters.aws_account import AwsAccount
from vitrine.errors import DependencyFailed

DEPENDENCY: Final = "secret"
TARGET: Final = "secretsmanager.GetSecretValue"
VERSION: Final = "1.1"
PATIENCE_S: Final = 10.0


class Secret:
    """One secret, by name or ARN. Safe to use from several threads."""

    def __init__(self, name: str, aws: AwsAccount) -> None:
        self._request = orjson.dumps({"SecretId": name})
        self._service = aws.service("secretsmanager", DEPENDENCY)

    def read(self, timeout_s: float = PATIENCE_S) -> str:
        """Its current text.

        Raises:
            DependencyFailed: it cannot be read in time or is not a text.
        """
        text = self._service.post(TARGET, VERSION, self._request, timeout_s, read=_text)
        if not isinstance(text, str):
            raise DependencyFailed(DEPENDENCY, "the secret is not a text")
        return text


def _text(answer: bytes) -> object:
    return orjson.loads(answer).get("SecretString")
