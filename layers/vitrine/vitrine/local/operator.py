"""The operators' token of a local stack: it stands in for the AWS credentials that open operators' routes on AWS."""

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from vitrine.errors import LocalStackError

NOTE: Final = "operator-token"
TOKEN_BYTES: Final = 24
SCHEME: Final = "Bearer "


def make_token(state: Path) -> str:
    """The token of a state folder, made on first use and readable by its owner only."""
    path = state / NOTE
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES))
        unfinished.replace(path)
    return read_token(state)


def read_token(state: Path) -> str:
    """The token of a state folder.

    Raises:
        LocalStackError: it has none; the message says what to do.
    """
    path = state / NOTE
    try:
        token = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise LocalStackError(f"{path} is not there or cannot be read; start a stack with `make demo`") from error
    if not token:
        raise LocalStackError(f"{path} is empty; delete it and start the stack again")
    return token


def is_operator(authorization: str, token: str) -> bool:
    """Whether an Authorization header holds the token."""
    scheme, given = authorization[: len(SCHEME)], authorization[len(SCHEME) :]
    same = hmac.compare_digest(given.encode(errors="replace"), token.encode())
    return bool(token) and scheme.lower() == SCHEME.lower() and same
