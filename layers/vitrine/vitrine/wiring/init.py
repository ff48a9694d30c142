"""When to build: in Lambda's INIT phase, which nobody waits for."""

import logging
from collections.abc import Callable, Mapping

from vitrine.errors import DependencyFailed

log = logging.getLogger(__name__)


def at_init(build: Callable[[], object], env: Mapping[str, str]) -> None:
    """Build now when this is a Lambda execution environment: its INIT phase is nobody's waiting time.

    A dependency that is down at that moment is left to the first request, which then answers for it.
    """
    if "AWS_LAMBDA_RUNTIME_API" not in env:
        return
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of found credentials at every cold start
    try:
        build()
    except DependencyFailed as error:
        log.warning("not built at init: %s", error)
