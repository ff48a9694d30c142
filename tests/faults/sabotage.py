"""One-line sabotages of the product, each of which a test of this folder must notice: the negative controls.

A child commits one before it imports its handler.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

AT_ONCE: Final = "at_once"


def _at_once() -> None:
    """No sabotage: environments take a new release over as soon as they see it, so that tests need not wait."""
    from vitrine.wiring import decide

    decide.SPREAD_S = 0.0


def _deadline() -> None:
    """A connection's timeout counts from one byte to the next, as a socket's does."""
    from vitrine.adapters import http_connection

    http_connection.left_s = lambda ends_s: 0.1


def _breaker() -> None:
    """The breaker never opens."""
    from vitrine.adapters.breaker import Breaker

    Breaker.check = lambda self: None


def _probe() -> None:
    """The breaker never closes."""
    from vitrine.adapters.breaker import Breaker

    Breaker.succeed = lambda self: None


def _crc() -> None:
    """Nobody sees a checksum."""
    from vitrine.adapters import http_connection

    read = http_connection.read_answer
    http_connection.read_answer = lambda inflow, max_bytes: replace(read(inflow, max_bytes), headers={})


class _Agreeing(str):
    """A digest that is like any other."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


def _digest() -> None:
    """The digest of whatever is read agrees with what was expected."""
    from vitrine.decisions.release import Part

    Part.of = classmethod(lambda cls, data: cls(_Agreeing(), len(data)))


def _mixed() -> None:
    """The ranker is not replaced with its release."""
    from vitrine.adapters.release_objects import ReleaseObjects

    load, first = ReleaseObjects.load, []

    def mixing(self: ReleaseObjects, pointer: object) -> object:
        release = load(self, pointer)
        first.append(release.ranker)
        return replace(release, ranker=first[0])

    ReleaseObjects.load = mixing


def _size() -> None:
    """A model may be of any size."""
    from vitrine.adapters import onnx_ranker

    onnx_ranker.MAX_MODEL_BYTES = 1 << 40


def _stale() -> None:
    """Weather does not expire."""
    from vitrine.places.weather import Stored

    Stored.is_expired = lambda self, now_ms: False


def _twice() -> None:
    """Every object is fetched twice."""
    from vitrine.adapters.s3_reader import S3Reader

    get = S3Reader.get
    S3Reader.get = lambda self, name: (get(self, name), get(self, name))[1]


SABOTAGES: Final[Mapping[str, Callable[[], None]]] = {
    "deadline": _deadline,
    AT_ONCE: _at_once,
    "breaker": _breaker,
    "crc": _crc,
    "digest": _digest,
    "mixed": _mixed,
    "probe": _probe,
    "size": _size,
    "stale": _stale,
    "twice": _twice,
}


def commit(name: str) -> None:
    """Do it to this process."""
    SABOTAGES[name]()
