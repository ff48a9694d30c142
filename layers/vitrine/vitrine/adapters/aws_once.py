"""One attempt of an AWS operation that must not happen twice: whoever calls learns whether it may have happened.

botocore's retries are off, for it also repeats what was sent and not answered. Connections that idled are not used
again: behind a frozen function the other side has long hung up, and a request on such a one ends in doubt.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from vitrine.adapters.aws import Client, MakeClient, error_code
from vitrine.adapters.aws_answers import SERVER_ERROR, STALE, THROTTLED, TOO_MANY
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.errors import DeadlineExceeded
from vitrine.outreach.handing import InDoubt, RefusalKind, Refused, Result, Taken

ONCE: Final = Config(
    connect_timeout=3.0,
    read_timeout=20.0,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=16,
)
MAX_IDLE_S: Final = 5.0
"""Shorter than any service keeps a silent connection; a new one takes some 20 ms."""

UNAVAILABLE: Final = 503
MAX_SAID: Final = 200

NOT_SENT: Final = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProxyConnectionError,
)
"""botocore's errors of before a request is sent (botocore.exceptions). After any other it may have arrived."""

UNREAD: Final = (BotoCoreError, ResponseParserError, AttributeError, LookupError, TypeError, ValueError)
"""All else, and what reading an answer raises when it is not of its service's form."""

Meaning = Mapping[str, RefusalKind]
"""What the codes of an operation mean; `CODE: words` for a code whose message begins with the words or holds them."""


class OnceCaller:
    """Single attempts with one service's client. Safe to use from several threads."""

    def __init__(
        self, dependency: str, make_client: MakeClient, meaning: Meaning, wall_s: Callable[[], float] = time.time
    ) -> None:
        """`wall_s` is in seconds since the epoch: a frozen process's monotonic clock may stand still."""
        self._caller = DeadlineCaller(dependency, make_client)
        self._meaning = meaning
        self._wall_s = wall_s
        self._used_s = 0.0

    def attempt(self, work: Callable[[Client], str], timeout_s: float) -> Result:
        """What became of one call; `work` makes it and returns the provider's id."""
        if timeout_s <= 0:
            return Refused("retry", "no time was left to ask")
        now_s = self._wall_s()
        if not 0 <= now_s - self._used_s < MAX_IDLE_S:
            self._caller.reset()
        self._used_s = now_s
        try:
            return Taken(self._caller.finish(self._caller.start(work), timeout_s))
        except DeadlineExceeded as error:
            return InDoubt(error.reason)
        except ClientError as error:
            return refusal(error, self._meaning)
        except ParamValidationError as error:
            return Refused("drop", str(error)[:MAX_SAID])
        except NOT_SENT as error:
            return Refused("retry", type(error).__name__)
        except UNREAD as error:
            return InDoubt(type(error).__name__)


def refusal(error: ClientError, meaning: Meaning) -> Result:
    """What an error that the service answered means.

    A server's own error (HTTP 500, 502, 504) does not tell whether the work was done; 503 and throttling do. What is
    not in the table is tried again: mostly something that the operator can mend, such as a missing permission.
    """
    code = error_code(error)
    said = str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    reason = f"{code}: {said}"[:MAX_SAID]
    for told, kind in meaning.items():
        name, _, words = told.partition(": ")
        if name == code and words in said:
            return Refused(kind, reason)
    if code in THROTTLED or code in STALE or status in {TOO_MANY, UNAVAILABLE} or status < SERVER_ERROR:
        return Refused("retry", reason)
    return InDoubt(reason)
