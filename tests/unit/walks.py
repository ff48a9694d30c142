"""Made-up visits that go round in circles of items, for the tests of the next item."""

import numpy as np

from vitrine.refresh.sessions import Sessions, from_lists

N_CIRCLES = 12
CIRCLE = 6


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def item(circle: int, place: int) -> str:
    """Id of a circle's item; after the last place comes the first."""
    return f"i{circle}-{place % CIRCLE}"


def walks(n: int, seed: int = 1) -> list[list[str]]:
    """Visits of 3 to 6 views along one circle each, some of which go back by one."""
    rng = np.random.default_rng(seed)
    visits = []
    for _ in range(n):
        circle, place = int(rng.integers(N_CIRCLES)), int(rng.integers(CIRCLE))
        visit = [item(circle, place)]
        for _ in range(int(rng.integers(2, 6))):
            place += -1 if rng.random() < 0.15 else 1
            visit.append(item(circle, place))
        visits.append(visit)
    return visits


def some_sessions(n: int = 400, seed: int = 1) -> Sessions:
    """The same as arrays."""
    return from_lists(walks(n, seed))
