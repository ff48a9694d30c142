"""What one batched read costs without botocore, and with it: the same keys, the same server, the same process."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Final

import orjson

from tests.bench import canned_dynamodb
from tests.bench.harness import BenchFailed, open_stage
from vitrine.adapters.aws import ONE_ATTEMPT, client_maker, local_stack
from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.ports import Progress

ROUNDS: Final = 25
READS: Final = 40
TIMEOUT_S: Final = 5.0
CARDS: Final = "CARD"


def run(progress: Progress) -> Sequence[str]:
    """A line for each, and the JSON line.

    Raises:
        BenchFailed: they do not read the same.
    """
    with open_stage() as stage:
        keys = [key for key in stage.canned.rows if key.sk != CARDS]
        at = local_stack(stage.env["AWS_ENDPOINT_URL"])
        lean = DynamoPageTable(canned_dynamodb.TABLE, AwsAccount(stage.env))
        boto = DynamoTable(canned_dynamodb.TABLE, make_reader=client_maker("dynamodb", ONE_ATTEMPT, at))
        if lean.read(keys, TIMEOUT_S) != boto.read(keys, TIMEOUT_S):
            raise BenchFailed("the two do not read the same")
        reads = {"lean": partial(lean.read, keys, TIMEOUT_S), "botocore": partial(boto.read, keys, TIMEOUT_S)}
        taken: dict[str, list[float]] = {name: [] for name in reads}
        for number in range(ROUNDS):
            for name, read in reads.items():
                taken[name].append(_cpu_us(read))
            progress("read", number + 1, ROUNDS)
    cpu_us = {name: round(median(several), 1) for name, several in taken.items()}
    ratio = round(cpu_us["lean"] / cpu_us["botocore"], 3)
    lines = [f"{name:<10} {cpu:>8.0f} us of CPU per read of {len(keys)} keys" for name, cpu in cpu_us.items()]
    result = {"bench": "read", "keys": len(keys), "cpu_us": cpu_us, "ratio": ratio}
    return [*lines, f"{'ratio':<10} {ratio:>8.3f}", orjson.dumps(result).decode()]


def _cpu_us(read: Callable[[], object]) -> float:
    """CPU of all threads of this process per read."""
    started = time.process_time_ns()
    for _ in range(READS):
        read()
    return (time.process_time_ns() - started) / 1000 / READS
