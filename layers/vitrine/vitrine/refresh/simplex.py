"""The simplex method of Nelder and Mead ("A simplex method for function minimization", The Computer Journal 1965).

For likelihoods of four parameters or fewer, of which no gradient is at hand.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

TOLERANCE: Final = 1e-8


def minimise(
    function: Callable[[Doubles], float], start: Doubles, spread: float = 0.4, evaluations: int = 1_500
) -> Doubles:
    """The point [d] where the function is least, as far as so many evaluations tell, searched from `start`.

    `spread` is how far away the first looks go. The function must be finite wherever it is asked. Deterministic.
    """
    points = np.vstack([start, start + spread * np.eye(len(start))])  # [d + 1, d]
    values = np.array([function(point) for point in points])
    left = evaluations - len(points)
    while left > 0:
        order = np.argsort(values, kind="stable")
        points, values = points[order], values[order]
        if values[-1] - values[0] < TOLERANCE * max(1.0, abs(float(values[0]))):
            break
        left -= _improve(function, points, values)
    best: Doubles = points[int(np.argmin(values))]
    return best


def _improve(function: Callable[[Doubles], float], points: Doubles, values: Doubles) -> int:
    """Replace the worst point, or draw all towards the best, in place; how many evaluations it took."""
    centre = points[:-1].mean(axis=0)
    reflected = 2.0 * centre - points[-1]
    value = function(reflected)
    if value < values[0]:
        return 1 + _take_better(function, points, values, reflected, value, 3.0 * centre - 2.0 * points[-1])
    if value < values[-2]:
        points[-1], values[-1] = reflected, value
        return 1
    towards = reflected if value < values[-1] else points[-1]
    contracted = 0.5 * (centre + towards)
    found = function(contracted)
    if found < min(value, values[-1]):
        points[-1], values[-1] = contracted, found
        return 2
    points[1:] = points[0] + 0.5 * (points[1:] - points[0])
    values[1:] = [function(point) for point in points[1:]]
    return 2 + len(points) - 1


def _take_better(
    function: Callable[[Doubles], float],
    points: Doubles,
    values: Doubles,
    reflected: Doubles,
    value: float,
    expanded: Doubles,
) -> int:
    further = function(expanded)
    points[-1], values[-1] = (expanded, further) if further < value else (reflected, value)
    return 1
