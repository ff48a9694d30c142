"""When requests are meant to be sent: fixed before the first one is, so that a slow answer cannot thin out the load."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["poisson", "constant"]
KINDS: Final[tuple[Kind, ...]] = ("poisson", "constant")
Floats = NDArray[np.float64]


def arrivals(kind: Kind, rate: float, seconds: float, seed: int) -> Floats:
    """Ascending seconds since the start, [n] float64: `rate` a second on average, the same for the same seed."""
    if kind == "constant":
        return np.arange(int(rate * seconds)) / rate
    rng = np.random.default_rng(seed)
    times: Floats = np.cumsum(rng.exponential(1 / rate, int(rate * seconds + 10 * (rate * seconds) ** 0.5) + 10))
    return times[times < seconds]


def burst(n: int) -> Floats:
    """All n at once: how long they take together tells what the subject can do."""
    return np.zeros(n)
