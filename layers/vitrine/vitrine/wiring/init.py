"""When to build: in Lambda's INIT phase, which nobody waits for; and what to do anew after a snapshot's restore."""

import logging
from collections.abc import Callable, Mapping
from functools import partial

from vitrine.adapters.snapshots import after_restore
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


def on_restore(*callbacks: Callable[[], object]) -> None:
    """Call these, in this order, when Lambda has restored this environment from a snapshot.

    A restore shares sockets and what was read at INIT with all its siblings, perhaps days later: pass each adapter's
    `reset`, then what should be read anew. A dependency that is down then does not keep the environment from serving.
    """
    for callback in callbacks:
        after_restore(partial(_run, callback))


def _run(callback: Callable[[], object]) -> None:
    try:
        callback()
    except DependencyFailed as error:
        log.warning("not done after restore: %s", error)
