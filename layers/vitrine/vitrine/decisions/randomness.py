"""Chance that repeats: a decision draws the same numbers whenever and wherever it is made.

Seeded from the decision's id, by BLAKE2b because `hash` differs between processes; not from a stream of the execution
environment, which restored snapshots would share.
"""

from hashlib import blake2b
from random import Random


def rng_of(decision_id: str, purpose: str) -> Random:
    """The random numbers of a decision for one purpose; those of two purposes have nothing in common."""
    seed = blake2b(f"{purpose}\n{decision_id}".encode(), digest_size=8).digest()
    return Random(int.from_bytes(seed, "little"))  # noqa: S311 - nobody gains by foreseeing which item is tried
