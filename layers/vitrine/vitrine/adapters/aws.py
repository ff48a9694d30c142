"""Clients of AWS and the one translation of their errors.

botocore without boto3: the resource layer is not used here, and leaving it out makes the import shorter. Region,
credentials and `AWS_ENDPOINT_URL` (the laptop's stack) are found by botocore itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, TypeAlias

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from vitrine.errors import DeadlineExceeded, DependencyFailed

Client: TypeAlias = Any  # botocore makes its clients at run time: there is no type to name
MakeClient: TypeAlias = Callable[[], Client]

ONE_ATTEMPT: Final = Config(
    connect_timeout=0.3,
    read_timeout=1.0,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=16,
)
"""For what a page waits for. The timeouts only bound how long a stuck thread lives: `deadline` gives up earlier."""

REQUEST: Final = Config(
    connect_timeout=0.5,
    read_timeout=1.0,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=16,
)
"""For what a request writes: a second attempt, and all of it well below the timeout of the function."""

PATIENT: Final = Config(
    connect_timeout=2.0,
    read_timeout=20.0,
    retries={"total_max_attempts": 5, "mode": "standard"},
    max_pool_connections=16,
)
"""For work that nobody waits for: it may take longer than a request's function lives."""


def client_maker(service: str, config: Config, at: Mapping[str, str] | None = None) -> MakeClient:
    """A function that makes a fresh client of an AWS service, with connections of its own.

    The first takes 0.1 s, because the session reads the service's description; further ones 3 ms.
    `at` names an address and credentials other than the environment's (see `local_stack`).
    """

    session, lock = botocore.session.Session(), Lock()

    def make() -> Client:
        with lock:  # a session may not make two clients at once
            return session.create_client(service, config=config, **(at or {}))

    return make


def local_stack(endpoint: str) -> dict[str, str]:
    """Where a client finds the laptop's stack; it takes any credentials."""
    return {
        "endpoint_url": endpoint,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
    }


@contextmanager
def vendor_errors(dependency: str) -> Iterator[None]:
    """Turn what botocore raises inside the block into DependencyFailed or DeadlineExceeded, once."""
    try:
        yield
    except (ConnectTimeoutError, ReadTimeoutError) as error:
        raise DeadlineExceeded(dependency, type(error).__name__) from error
    except EndpointConnectionError as error:
        raise DependencyFailed(dependency, "nobody answers at its address") from error
    except ClientError as error:
        raise DependencyFailed(dependency, error_code(error)) from error
    except BotoCoreError as error:
        raise DependencyFailed(dependency, type(error).__name__) from error


def error_code(error: ClientError) -> str:
    """AWS's name of an error, such as ResourceNotFoundException."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
