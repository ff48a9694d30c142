"""Where in [0, 1) somebody falls, and which variation that is. Bit-compatible with GrowthBook's JavaScript SDK.

Source: GrowthBook's "Build your own SDK" specification, hash versions 1 and 2. JavaScript hashes UTF-16 code units, so
hashing Unicode code points or UTF-8 bytes would put everybody with a non-ASCII id elsewhere than their browser does.
"""

import sys
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

Range: TypeAlias = tuple[float, float]
"""A part of [0, 1): its start, which is in it, and its end, which is not."""

HashVersion = Literal[1, 2]

_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193
_MASK: Final = 0xFFFFFFFF
_UTF_16: Final = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"


def fnv1a_32(text: str) -> int:
    """The 32-bit FNV-1a hash over UTF-16 code units (16 bits at a time, as JavaScript's charCodeAt gives them)."""
    state = _FNV_OFFSET
    for unit in memoryview(text.encode(_UTF_16, "surrogatepass")).cast("H"):
        state = (state ^ unit) * _FNV_PRIME & _MASK
    return state


def hash_value(seed: str, value: str, version: HashVersion = 2) -> float:
    """The bucket of a value in [0, 1): 10,000 steps in version 2, 1,000 in version 1.

    Version 1 is biased between experiments that run at the same time; it is there for those that began with it.
    """
    if version == 1:
        return fnv1a_32(value + seed) % 1000 / 1000
    return fnv1a_32(str(fnv1a_32(seed + value))) % 10000 / 10000


def in_range(bucket: float, part: Range) -> bool:
    """Whether a bucket lies in a part."""
    return part[0] <= bucket < part[1]


def in_namespace(value: str, namespace: str, part: Range) -> bool:
    """Whether a value falls into a part of a namespace. Namespaces always use version 1."""
    return in_range(hash_value(f"__{namespace}", value, 1), part)


def bucket_ranges(n: int, coverage: float = 1.0, weights: Sequence[float] | None = None) -> tuple[Range, ...]:
    """The part of each of n variations: each begins where the weights before it end, and is cut to the coverage.

    Coverage is limited to 0..1; weights of another number or sum are replaced by equal ones.
    """
    coverage = min(max(coverage, 0.0), 1.0)
    if weights is None or len(weights) != n or not 0.99 <= sum(weights) <= 1.01:
        weights = [1 / n] * n if n > 0 else []
    ranges = []
    start = 0.0
    for weight in weights:
        ranges.append((start, start + coverage * weight))
        start += weight
    return tuple(ranges)


def choose_variation(bucket: float, ranges: Sequence[Range]) -> int | None:
    """The first variation in whose part the bucket lies, None when in none."""
    return next((index for index, part in enumerate(ranges) if in_range(bucket, part)), None)
