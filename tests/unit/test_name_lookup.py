"""Names are looked up beside the callers, who keep to their deadlines."""

import socket
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from vitrine.adapters.name_lookup import FRESH_S, Addresses

FIRST = (socket.AF_INET, ("192.0.2.1", 443))
SECOND = (socket.AF_INET, ("192.0.2.2", 443))


def said(*addresses: tuple[int, Any]) -> list[tuple[Any, ...]]:
    """What the system's resolver answers; TCP and UDP alike name an address twice."""
    return [(family, kind, 0, "", where) for kind in (1, 2) for family, where in addresses]


def soon(seconds: float = 5.0) -> float:
    """A deadline."""
    return time.monotonic() + seconds


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it comes true within a second."""
    ends = soon(1.0)
    while time.monotonic() < ends and not is_so():
        time.sleep(0.005)
    return is_so()


def test_a_name_is_looked_up_once() -> None:
    """Its addresses are kept, in their order."""
    asked = []

    def resolve(host: bytes, port: int, type: int) -> list[tuple[Any, ...]]:
        asked.append((host, port))
        return said(FIRST, SECOND)

    addresses = Addresses("example.com", 443, resolve)
    assert [tuple(addresses.find(soon())) for _ in range(3)] == [(FIRST, SECOND)] * 3
    assert asked == [(b"example.com", 443)]


@pytest.mark.parametrize(("host", "family"), [("192.0.2.7", socket.AF_INET), ("2001:db8::7", socket.AF_INET6)])
def test_numbers_are_not_looked_up(host: str, family: int) -> None:
    """No thread, no resolver."""

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        pytest.fail("was asked")

    assert list(Addresses(host, 80, resolve).find(soon())) == [(family, (host, 80))]


def test_a_slow_resolver_keeps_nobody_beyond_the_deadline() -> None:
    """Its answer serves a later call, and there is one question at a time."""
    go, asked = Event(), []

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(1)
        go.wait(5.0)
        return said(FIRST)

    addresses = Addresses("example.com", 443, resolve)
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            addresses.find(soon(0.05))
    assert time.monotonic() - started < 3
    go.set()
    assert list(addresses.find(soon())) == [FIRST]
    assert len(asked) == 1


def test_known_addresses_outlive_the_resolver() -> None:
    """They are used while they are looked up anew, and when that fails."""
    now, asked, answers = [0.0], [], iter([said(FIRST), OSError("down")])

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        answer = next(answers, said(SECOND))
        asked.append(1)
        if isinstance(answer, OSError):
            raise answer
        return answer

    addresses = Addresses("example.com", 443, resolve, lambda: now[0])
    assert list(addresses.find(soon())) == [FIRST]
    now[0] += FRESH_S
    assert list(addresses.find(soon())) == [FIRST]
    assert eventually(lambda: len(asked) == 2)

    def has_moved() -> bool:
        now[0] += FRESH_S
        return list(addresses.find(soon())) == [SECOND]

    assert eventually(has_moved)


def test_a_name_that_is_none_is_asked_again_the_next_time() -> None:
    """A failure is not kept."""
    answers = iter([OSError("no such name"), said(FIRST)])

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    addresses = Addresses("example.com", 443, resolve)
    with pytest.raises(OSError, match="cannot be resolved"):
        addresses.find(soon())
    assert list(addresses.find(soon())) == [FIRST]


def test_a_name_beyond_ascii_is_none() -> None:
    """AWS has no such names."""
    with pytest.raises(OSError, match="cannot be resolved"):
        Addresses("пример.рф", 443).find(soon())


def test_what_did_not_work_is_tried_last() -> None:
    """The others come first from then on."""
    addresses = Addresses("example.com", 443, lambda *_, **__: said(FIRST, SECOND))
    addresses.find(soon())
    addresses.put_last(FIRST)
    assert list(addresses.find(soon())) == [SECOND, FIRST]


def test_what_is_forgotten_is_looked_up_anew() -> None:
    """A snapshot that is restored days later waits for the present addresses."""
    answers = iter([said(FIRST), said(SECOND)])
    addresses = Addresses("example.com", 443, lambda *_, **__: next(answers))
    addresses.find(soon())
    addresses.forget()
    assert list(addresses.find(soon())) == [SECOND]
