"""`make bench ONLY=decide`: the cost of one warm page view, ours against a naive handler and against the floor.

Ours is the deployed handler with everything on, the record to Firehose too, which the naive one does not write. It
holds no rows of the release in memory, so that both read the same keys; what it is worth that it does hold them
otherwise, and what the record costs, is shown in rows of their own. The store is one without campaigns, which the naive
handler does not have; the last row of ours has the example store with its campaigns.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson

from tests.bench.canned_dynamodb import TABLE
from tests.bench.harness import (
    ROOT,
    BenchFailed,
    Contestant,
    Sample,
    Stage,
    check_comparable,
    interleave,
    open_stage,
    plain_bundle,
)
from vitrine.catalog.packed import unpack
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.features import FEATURES
from vitrine.ports import Progress
from vitrine.types import Key

ROUNDS: Final = 21
REQUESTS: Final = 60
WARM_UP: Final = 100


def run(progress: Progress, rounds: int = ROUNDS, requests: int = REQUESTS, bundle: Path = ROOT) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object."""
    with ExitStack() as stack:
        plain = plain_bundle(Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-bench-"))) / "plain", bundle)
        usual = stack.enter_context(open_stage(plain))
        stage = usual.with_settings(VITRINE_HELD_ROWS_KB="1")
        ours = stack.enter_context(Contestant("ours", stage))
        naive = stack.enter_context(Contestant("naive", stage))
        answer = checked_answer(stage, ours, naive)
        prepare_floor(stage, answer)
        held = stack.enter_context(Contestant("ours", usual))
        unrecorded = stack.enter_context(Contestant("ours", stage.asking("unrecorded", dry_run=True)))
        floor = stack.enter_context(Contestant("floor", stage))
        example = stack.enter_context(Contestant("ours", stack.enter_context(open_stage(bundle))))
        contestants = {
            "ours": ours,
            "ours, unrecorded": unrecorded,
            "ours, rows held": held,
            "ours, example store": example,
            "naive": naive,
            "floor": floor,
        }
        for contestant in contestants.values():
            contestant.measure(min(WARM_UP, rounds * requests))
        medians = interleave(contestants, rounds, requests, progress)
        checked_answer(stage, ours, naive)
    return report(medians, rounds, requests)


def checked_answer(stage: Stage, ours: Contestant, naive: Contestant) -> dict[str, object]:
    """Our answer, after it was made sure that both handlers do the same.

    Raises:
        BenchFailed: a warm request of one reads other keys, or their answers are not alike.
    """
    ours.answer(), naive.answer()  # the first ones also read releases and cards
    answers = []
    expected = sorted(list(key) for key in stage.canned.list_keys)
    for name, contestant in (("ours", ours), ("naive", naive)):
        stage.seen()
        answers.append(contestant.answer())
        seen = stage.seen()
        if sorted(seen["last_keys"]) != expected or seen["calls"]["BatchGetItem"] != 1:
            raise BenchFailed(f"{name} asked for {seen}, expected one read of {len(expected)} keys")
    check_comparable(*answers)
    return answers[0]


def prepare_floor(stage: Stage, answer: dict[str, object]) -> None:
    """Leave for the floor the bytes of the same read, the shape of the same model run, and the same answer."""
    wanted = [{"pk": {"S": key.pk}, "sk": {"S": key.sk}} for key in stage.canned.list_keys]
    body = orjson.dumps({"RequestItems": {TABLE: {"Keys": wanted}}})
    head = (
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"X-Amz-Target: DynamoDB_20120810.BatchGetItem\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    (stage.folder / "batch_get.http").write_bytes(head.encode() + body)
    (stage.folder / "features.json").write_text(json.dumps([count_candidates(stage), len(FEATURES)]), encoding="utf-8")
    (stage.folder / "answer.json").write_bytes(orjson.dumps(answer))


def count_candidates(stage: Stage) -> int:
    """How many candidates the canned lists have together."""

    def tables(prefix: str) -> list[tuple[Key, bytes]]:
        rows = ((key, row.get("table")) for key, row in stage.canned.rows.items() if key.pk.startswith(prefix))
        return [(key, table) for key, table in rows if isinstance(table, bytes)]

    seeds = [Seed(key.pk[2:], "recent", 1.0, unpack(table)) for key, table in tables("I#")]
    ((_, own),), ((_, shelf),) = tables("V#"), tables("L#")
    return len(merge(Lists(personal=unpack(own), shelf=unpack(shelf), seeds=seeds)))


def report(medians: dict[str, Sample], rounds: int, requests: int) -> list[str]:
    """A table and the JSON object."""
    floor = medians["floor"].cpu_us
    lines = [f"{'one warm page view':<20}{'CPU us':>10}{'wall us':>10}{'x floor':>9}"]
    for name, sample in medians.items():
        lines.append(f"{name:<20}{sample.cpu_us:>10.0f}{sample.wall_us:>10.0f}{sample.cpu_us / floor:>9.1f}")
    lines.append(f"medians of {rounds} interleaved rounds of {requests} requests, each contestant in its own process")
    ours, naive = medians["ours"].cpu_us, medians["naive"].cpu_us
    summary = {
        "bench": "decide",
        "ours_cpu_us": round(ours),
        "naive_cpu_us": round(naive),
        "floor_cpu_us": round(floor),
        "ratio_naive": round(ours / naive, 3),
        "ratio_floor": round(ours / floor, 2),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]
