"""Whom TLS connections trust: the system's authorities, or those of AWS_CA_BUNDLE."""

from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ssl import SSLContext

ONCE: Final = Lock()


def trust(env: Mapping[str, str]) -> "Callable[[], SSLContext]":
    """A function that makes the context when it is first needed: reading the authorities takes 20 ms of CPU."""
    bundle = env.get("AWS_CA_BUNDLE") or None

    def context() -> "SSLContext":
        with ONCE:  # several services connect at start
            return _context(bundle)

    return context


@cache
def _context(bundle: str | None) -> "SSLContext":
    import ssl  # not needed where everything is on loopback

    return ssl.create_default_context(cafile=bundle)
