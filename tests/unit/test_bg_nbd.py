"""BG/NBD and gamma-gamma against published values, and the functions they are made of."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.refresh.bg_nbd import BgNbd, Histories, fit_bg_nbd, log_likelihood
from vitrine.refresh.gamma_functions import hypergeometric, log_beta, log_gamma
from vitrine.refresh.gamma_gamma import GammaGamma, fit_gamma_gamma
from vitrine.refresh.simplex import minimise

PAPER = BgNbd(r=0.2425945, alpha=4.4136019, a=0.7929199, b=2.4258881)
"""CDNOW, as the authors' paper and the R package BTYD print it; weeks."""


def one(repeats: float, last: float, age: float) -> Histories:
    """A single customer."""
    return Histories(np.array([repeats]), np.array([last]), np.array([age]))


@given(st.floats(1e-3, 1e4))
def test_log_gamma_agrees_with_the_standard_library(x: float) -> None:
    """Arrays have the very values that math.lgamma has for one number."""
    assert float(log_gamma(x)) == pytest.approx(math.lgamma(x), abs=1e-8, rel=1e-10)
    assert float(log_beta(x, 2.0)) == pytest.approx(-math.log(x * (x + 1.0)), abs=1e-6, rel=1e-8)


@given(st.floats(0.0, 0.98))
def test_hypergeometric_agrees_with_closed_forms(z: float) -> None:
    """2F1(1, 1; 2; z) is a logarithm, 2F1(a, b; b; z) a power, and 0 gives 1."""
    at = np.array([z])
    expected = -math.log1p(-z) / z if z > 0.0 else 1.0
    assert hypergeometric(1.0, 1.0, np.array([2.0]), at)[0] == pytest.approx(expected, rel=1e-8)
    assert hypergeometric(-0.3, 2.5, np.array([2.5]), at)[0] == pytest.approx((1.0 - z) ** 0.3, rel=1e-8)
    assert hypergeometric(0.7, 1.2, np.array([2.0]), np.array([0.0]))[0] == 1.0


def test_the_published_expectations_come_out() -> None:
    """The worked examples of the paper and of the package: a customer who came back twice, and a frequent one."""
    assert PAPER.expected_orders(one(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.226, abs=1e-3)
    assert PAPER.expected_orders(one(26, 30.86, 31.0), 52.0)[0] == pytest.approx(25.76, abs=1e-2)
    assert PAPER.alive(one(26, 30.86, 31.0))[0] == pytest.approx(0.9689, abs=1e-4)


def test_who_came_once_is_alive_to_the_model() -> None:
    """A customer can only drop out after a repeat: the model's known peculiarity."""
    assert PAPER.alive(one(0, 0.0, 300.0))[0] == 1.0


@given(st.integers(0, 60), st.floats(1.0, 200.0), st.floats(0.0, 1.0), st.floats(0.1, 100.0))
def test_chances_are_chances_and_grow_with_time(repeats: int, age: float, share: float, within: float) -> None:
    """Whatever the history: chances within 0 and 1, more time is no less, orders at least the chance of one."""
    known = one(repeats, share * age if repeats else 0.0, age)
    chance, later = PAPER.chance_to_buy(known, within)[0], PAPER.chance_to_buy(known, 2 * within)[0]
    assert 0.0 <= chance <= later <= 1.0
    assert PAPER.expected_orders(known, within)[0] >= chance - 1e-9


def drawn(model: BgNbd, n: int) -> Histories:
    """Customers drawn from a model, first seen within ten weeks and observed up to week 40."""
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(n):
        rate, drops = rng.gamma(model.r, 1.0 / model.alpha), rng.beta(model.a, model.b)
        age, at, repeats = 40.0 - rng.uniform(0, 10), 0.0, 0
        while rng.random() >= drops or repeats == 0:
            following = at + rng.exponential(1.0 / rate)
            if following > age:
                break
            at, repeats = following, repeats + 1
        rows.append((repeats, at, age))
    columns = np.array(rows, np.float64)
    return Histories(columns[:, 0], columns[:, 1], columns[:, 2])


def test_a_fit_is_better_than_what_the_customers_were_drawn_from() -> None:
    """On drawn customers the fitted likelihood is at least that of the true parameters, and the rate is found."""
    true = BgNbd(r=0.9, alpha=6.0, a=0.8, b=2.5)
    known = drawn(true, 2_000)
    found = fit_bg_nbd(known, seed=1)
    assert log_likelihood(found, known) >= log_likelihood(true, known)
    assert found.r / found.alpha == pytest.approx(true.r / true.alpha, rel=0.15)


def test_a_search_that_begins_near_ends_at_the_same_place() -> None:
    """Where it starts is a matter of time, not of the answer."""
    known = drawn(PAPER, 1_000)
    far = fit_bg_nbd(known, seed=1)
    near = fit_bg_nbd(known, seed=1, near=BgNbd(0.5, 8.0, 0.5, 2.0))
    assert log_likelihood(near, known) == pytest.approx(log_likelihood(far, known), abs=1e-5)


def test_one_customer_is_enough_to_fit() -> None:
    """Too few customers give some model, and no error: whether it is good is tested elsewhere."""
    found = fit_bg_nbd(one(3, 10.0, 20.0), seed=1)
    assert 0.0 < found.chance_to_buy(one(3, 10.0, 20.0), 5.0)[0] < 1.0


def test_the_value_of_few_orders_is_drawn_to_all_customers() -> None:
    """Between the own mean and everybody's, nearer to the own one with more orders (CDNOW's published parameters)."""
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    everybody = model.p * model.gamma / (model.q - 1.0)
    few, many = model.expected_value(np.array([1.0, 50.0]), np.array([100.0, 100.0]))
    assert everybody == pytest.approx(35.2, abs=0.1)
    assert everybody < few < many < 100.0


def test_gamma_gamma_finds_the_mean_of_drawn_customers() -> None:
    """The population mean of the fit is that of the draws; scale does not matter."""
    rng = np.random.default_rng(5)
    orders = rng.integers(1, 12, 1_500).astype(np.float64)
    rate = rng.gamma(4.0, 1.0 / 15.0, 1_500)
    mean = rng.gamma(6.0 * orders) / (rate * orders)
    for unit in (1.0, 250.0):
        found = fit_gamma_gamma(orders, mean * unit, seed=1)
        assert found is not None
        assert found.p * found.gamma / (found.q - 1.0) / unit == pytest.approx(6.0 * 15.0 / 3.0, rel=0.1)


def test_nothing_paid_has_no_value_model() -> None:
    """Free goods say nothing of what an order is worth."""
    assert fit_gamma_gamma(np.array([1.0, 2.0]), np.array([0.0, 0.0]), seed=1) is None


def test_the_simplex_finds_a_minimum() -> None:
    """Rosenbrock's valley, from its usual start."""
    found = minimise(lambda x: float((1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2), np.array([-1.2, 1.0]))
    assert found == pytest.approx([1.0, 1.0], abs=1e-3)
