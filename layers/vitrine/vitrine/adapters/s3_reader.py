"""Objects on S3 as a page view's function reads them: lean calls with a deadline, no botocore."""

import time
from collections.abc import Callable
from random import SystemRandom
from typing import Final

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.aws_answers import Refused
from vitrine.adapters.sigv4 import EMPTY_SHA256, encode_path
from vitrine.errors import DependencyFailed, LeftAlone

DEPENDENCY: Final = "bucket"
NOT_THERE: Final = "NoSuchKey"
TIMEOUT_S: Final = 3.0
"""Of an attempt. Objects are a model and the parts of a release: a few megabytes at most."""

ATTEMPTS: Final = 2
MAX_PAUSE_S: Final = 0.2


class S3Reader:
    """ports.ObjectReader in one bucket."""

    def __init__(self, bucket: str, aws: AwsAccount, *, pause: Callable[[float], None] = time.sleep) -> None:
        is_in_host = aws.endpoint_url("s3") is None and "." not in bucket  # no certificate covers further dots
        self._service = aws.service("s3", DEPENDENCY, host_prefix=f"{bucket}." if is_in_host else "")
        self._root = "/" if is_in_host else f"/{bucket}/"
        self._pause = pause

    def get(self, name: str) -> bytes | None:
        """See ports.ObjectReader. A second attempt follows a failed one after a pause of chance length."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._get(name)
            except (LeftAlone, Refused):
                raise
            except DependencyFailed:
                if attempt == ATTEMPTS:
                    raise
            self._pause(SystemRandom().uniform(0.0, MAX_PAUSE_S))
        raise AssertionError("unreachable")

    def _get(self, name: str) -> bytes | None:
        headers = {"x-amz-content-sha256": EMPTY_SHA256}
        try:
            return self._service.call(
                "GET", encode_path(self._root + name), headers, b"", TIMEOUT_S, read=bytes, twice=True
            )
        except Refused as refusal:
            if refusal.reason == NOT_THERE:
                return None
            raise
