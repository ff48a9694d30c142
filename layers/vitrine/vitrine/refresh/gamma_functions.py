"""The special functions of the buy-till-you-die models, on arrays: log gamma and Gauss's hypergeometric series."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

SHIFT: Final = 7
STIRLING: Final = (1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0)
"""Of the series in odd powers of 1/x (Abramowitz and Stegun 6.1.41); from 7 on five terms leave less than 1e-11."""

TERMS: Final = 4_000
TOLERANCE: Final = 1e-12


def log_gamma(x: Doubles | float) -> Doubles:
    """Logarithm of the gamma function of numbers above 0; absolute error below 1e-10."""
    values = np.asarray(x, np.float64)
    product = values.copy()
    for step in range(1, SHIFT):
        product = product * (values + step)
    far = values + SHIFT
    series = np.zeros_like(far)
    for coefficient in reversed(STIRLING):
        series = series / (far * far) + coefficient
    shifted = (far - 0.5) * np.log(far) - far + 0.5 * np.log(2.0 * np.pi) + series / far
    result: Doubles = shifted - np.log(product)
    return result


def log_beta(a: Doubles | float, b: Doubles | float) -> Doubles:
    """Logarithm of the beta function of numbers above 0."""
    result: Doubles = log_gamma(a) + log_gamma(b) - log_gamma(np.asarray(a) + np.asarray(b))
    return result


def hypergeometric(a: float, b: float, c: Doubles, z: Doubles) -> Doubles:
    """2F1(a, b; c; z) for c > 0 and 0 <= z < 1 by its series (Abramowitz and Stegun 15.1.1), [n].

    It converges as fast as powers of z fall: at z = 0.99 some thousands of terms are summed, further ones are left out.
    """
    total = np.ones_like(z)
    term = np.ones_like(z)
    for n in range(TERMS):
        term = term * ((a + n) * (b + n) / ((c + n) * (n + 1.0)) * z)
        total = total + term
        if np.all(np.abs(term) <= TOLERANCE * np.abs(total)):
            break
    return total
