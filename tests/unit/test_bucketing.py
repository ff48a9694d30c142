"""Buckets: as GrowthBook's JavaScript SDK computes them, uniform, and independent between seeds."""

import math
from itertools import pairwise

import pytest

from vitrine.rules.bucketing import (
    HashVersion,
    bucket_ranges,
    choose_variation,
    fnv1a_32,
    hash_value,
    in_namespace,
    in_range,
)

N_IDS = 100_000
CELLS = 10


@pytest.mark.parametrize(
    ("seed", "value", "version", "expected"),
    [
        ("", "a", 1, 0.22),
        ("", "b", 1, 0.077),
        ("b", "a", 1, 0.946),
        ("ef", "d", 1, 0.652),
        ("asdf", "8952klfjas09ujk", 1, 0.549),
        ("seed", "a", 2, 0.0505),
        ("seed", "b", 2, 0.2696),
        ("foo", "def", 2, 0.2019),
        ("90850943850283058242805", "123", 2, 0.7516),
        ("()**(%$##$%#$#", '___)((*":&', 2, 0.0128),
    ],
)
def test_published_vectors(seed: str, value: str, version: HashVersion, expected: float) -> None:
    """Facts of GrowthBook's specification."""
    assert hash_value(seed, value, version) == expected


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("é", [0xE9]),
        ("Привет", [0x41F, 0x440, 0x438, 0x432, 0x435, 0x442]),
        ("😀", [0xD83D, 0xDE00]),
        ("\ud83d", [0xD83D]),
    ],
)
def test_utf_16_code_units_are_hashed(text: str, units: list[int]) -> None:
    """What JavaScript's charCodeAt sees: an astral character is two units, half of one is a unit of its own."""
    state = 0x811C9DC5
    for unit in units:
        state = (state ^ unit) * 0x01000193 % 2**32
    assert fnv1a_32(text) == state


@pytest.mark.parametrize(
    ("seed", "value", "version", "expected"),
    [
        ("seed", "é", 1, 0.137),
        ("эксперимент", "посетитель-42", 1, 0.683),
        ("seed", "😀", 1, 0.429),
        ("😀", "посетитель", 1, 0.107),
        ("seed", "a\ud83d", 1, 0.654),
        ("seed", "é", 2, 0.8663),
        ("эксперимент", "посетитель-42", 2, 0.7697),
        ("seed", "😀", 2, 0.4346),
        ("😀", "посетитель", 2, 0.4393),
        ("seed", "a\ud83d", 2, 0.3098),
    ],
)
def test_vectors_beyond_ascii(seed: str, value: str, version: HashVersion, expected: float) -> None:
    """What GrowthBook's JavaScript SDK 1.8.0 gives in Node, where hashing code points or UTF-8 gives something else."""
    assert hash_value(seed, value, version) == expected


@pytest.mark.parametrize(
    ("n", "coverage", "weights", "expected"),
    [
        (2, 1, None, [(0, 0.5), (0.5, 1)]),
        (2, 0.5, None, [(0, 0.25), (0.5, 0.75)]),
        (2, 0, None, [(0, 0), (0.5, 0.5)]),
        (3, 0.2, [0.2, 0.3, 0.5], [(0, 0.04), (0.2, 0.26), (0.5, 0.6)]),
        (2, -0.2, None, [(0, 0), (0.5, 0.5)]),
        (2, 1.5, None, [(0, 0.5), (0.5, 1)]),
        (2, 1, [0.4, 0.1], [(0, 0.5), (0.5, 1)]),
        (4, 1, [0.4, 0.4, 0.2], [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]),
        (2, 1, [0.4, 0.5999], [(0, 0.4), (0.4, 0.9999)]),
        (0, 1, None, []),
    ],
)
def test_bucket_ranges(
    n: int, coverage: float, weights: list[float] | None, expected: list[tuple[float, float]]
) -> None:
    """Facts of GrowthBook's specification."""
    found = bucket_ranges(n, coverage, weights)
    assert [pytest.approx(part) for part in expected] == list(found)


def test_a_variation_is_the_first_range_around_the_bucket() -> None:
    """Starts belong to a range, ends do not."""
    ranges = [(0, 0.2), (0.4, 0.5), (0.4, 0.9)]
    assert [choose_variation(bucket, ranges) for bucket in (0, 0.2, 0.4, 0.5, 0.9)] == [0, None, 1, 2, None]
    assert in_range(0.2, (0.2, 0.3))
    assert not in_range(0.3, (0.2, 0.3))


def test_a_namespace_is_hashed_for_itself() -> None:
    """It takes version 1 of `__` and its name, and its shares tile it."""
    bucket = hash_value("__space", "visitor", 1)
    assert in_namespace("visitor", "space", (bucket, 1.0))
    assert not in_namespace("visitor", "space", (0.0, bucket))


def counts(seed: str, version: HashVersion) -> list[int]:
    """In which tenth of [0, 1) the ids fall."""
    return [int(hash_value(seed, f"visitor-{number}", version) * CELLS) for number in range(N_IDS)]


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seed", ["summer-sale", "holdout"])
def test_buckets_are_uniform(seed: str, version: HashVersion) -> None:
    """Each tenth holds a tenth of the ids within four standard errors."""
    cells = counts(seed, version)
    share = 1 / CELLS
    error = math.sqrt(N_IDS * share * (1 - share))
    for cell in range(CELLS):
        assert abs(cells.count(cell) - N_IDS * share) <= 4 * error


def correlation(first: list[int], second: list[int]) -> float:
    """Pearson's coefficient of two series."""
    mean = (CELLS - 1) / 2
    both = sum((one - mean) * (other - mean) for one, other in zip(first, second, strict=True))
    spread = math.sqrt(sum((one - mean) ** 2 for one in first) * sum((other - mean) ** 2 for other in second))
    return both / spread


def errors_of_dependence(first: list[int], second: list[int]) -> float:
    """The largest deviation from independence in standard errors: of the correlation and of the table of halves."""
    table = [0, 0, 0, 0]
    for one, other in zip(first, second, strict=True):
        table[2 * (one >= CELLS // 2) + (other >= CELLS // 2)] += 1
    cells = (abs(cell - N_IDS / 4) / math.sqrt(N_IDS * 3 / 16) for cell in table)
    return max(abs(correlation(first, second)) * math.sqrt(N_IDS), *cells)


@pytest.mark.no_cover
def test_buckets_of_seeds_are_independent() -> None:
    """Correlation and every cell of the table of halves lie within four standard errors, for neighbouring seeds too."""
    for first, second in pairwise(counts(seed, 2) for seed in ("summer-sale", "holdout", "exp-1", "exp-2")):
        assert errors_of_dependence(first, second) <= 4


@pytest.mark.no_cover
def test_version_1_is_independent_only_between_seeds_that_differ_much() -> None:
    """Negative control: its published flaw shows, which is why version 2 is the default."""
    assert errors_of_dependence(counts("summer-sale", 1), counts("holdout", 1)) <= 4
    assert errors_of_dependence(counts("exp-1", 1), counts("exp-2", 1)) > 10
