"""The meter of the cost bench charges as DynamoDB's and Firehose's guides say, and the bill adds up."""

from base64 import b64encode

import pytest

from tests.bench.bill import COLD_SHARE, Bill, Plan, fixed_per_month
from tests.bench.meter import Call, charged, item_size, write_units
from vitrine.local.prices import GB, PRICES

PLAN = Plan(memory_mb=1769, cpu_ms=2.0, wait_ms=8.0, log_bytes=0.0, start_ms=0.0, is_traced=False, has_snapshot=False)


def binary(n: int) -> dict[str, str]:
    """A binary attribute of n bytes."""
    return {"B": b64encode(bytes(n)).decode()}


def test_an_item_weighs_its_names_and_values() -> None:
    """UTF-8 bytes of names and texts, raw bytes of binaries, about half a byte per digit of numbers, 1 of a boolean."""
    assert item_size({"pk": {"S": "абв"}, "n": {"N": "1234"}, "ok": {"BOOL": True}, "b": binary(100)}) == (
        (2 + 6) + (1 + 3) + (2 + 1) + (1 + 100)
    )


def test_a_batch_read_is_charged_item_by_item() -> None:
    """Half a unit per 4 KB begun of each item; a missing item counts as one step; a consistent read is twice that."""
    keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in (("I#a", "R#2026"), ("I#b", "CARD"), ("B#c", "0#1"))]
    found = [keys[0] | {"data": binary(4_200)}, keys[1]]
    wanted = {"Keys": keys}
    answer = {"Responses": {"t": found}}
    call = charged("BatchGetItem", {"RequestItems": {"t": wanted}}, answer)
    assert call.read_units == 0.5 * (2 + 1 + 1)
    assert call.units_of == {"I R": 1.0, "I CARD": 0.5, "B": 0.5}
    consistent = charged("BatchGetItem", {"RequestItems": {"t": {**wanted, "ConsistentRead": True}}}, answer)
    assert consistent.read_units == 4.0


def test_writes_and_records_are_rounded_up() -> None:
    """1 KB steps for an item, 5 KB steps for each record."""
    assert write_units({"pk": {"S": "a"}, "data": binary(1_024)}) == 2.0
    records = [{"Data": b64encode(bytes(size)).decode()} for size in (10, 5_121)]
    call = charged("PutRecordBatch", {"Records": records}, {})
    assert call.billed_bytes == 3 * 5_120
    assert 0 < call.kept_bytes < 200  # zeros, as gzip


def test_the_bill_is_the_mean_of_the_calls() -> None:
    """Two calls that read three units together are charged one and a half each."""
    bill = Bill.of([Call("BatchGetItem", read_units=1.0), Call("BatchGetItem", read_units=2.0)], [0, GB], PLAN)
    assert bill.items["DynamoDB, read units"] == pytest.approx(1.5 * PRICES.read_unit)
    assert bill.items["data out"] == pytest.approx(PRICES.out_gb / 2, rel=1e-3)
    assert bill.total == pytest.approx(sum(bill.items.values()))


def test_less_memory_makes_the_same_work_longer() -> None:
    """Half a vCPU takes twice the CPU time; waiting takes as long as ever."""
    half = Plan(**{name: getattr(PLAN, name) for name in PLAN.__slots__} | {"memory_mb": 1769 // 2 + 1})
    assert half.billed_ms == pytest.approx(2 * 2.0 + 8.0, rel=1e-2)


def test_a_start_costs_a_restore_or_its_init() -> None:
    """With a snapshot by the memory restored, without by the duration of INIT."""
    slow = Plan(1024, 1.0, 1.0, 0.0, start_ms=500.0, is_traced=False, has_snapshot=False)
    assert Bill.of([], [0], slow).items["Lambda, starts"] == pytest.approx(COLD_SHARE * 0.5 * PRICES.lambda_gb_s)
    frozen = Plan(1024, 1.0, 1.0, 0.0, start_ms=500.0, is_traced=False, has_snapshot=True)
    assert Bill.of([], [0], frozen).items["Lambda, starts"] == pytest.approx(COLD_SHARE * PRICES.snapstart_restored_gb)


def test_what_falls_due_without_calls() -> None:
    """Alarms and secrets are counted in the template."""
    resources = {"A": {"Type": "AWS::CloudWatch::Alarm"}, "S": {"Type": "AWS::SecretsManager::Secret"}}
    fixed = fixed_per_month({"Resources": resources}, 0)
    assert fixed == {"cached snapshots": 0.0, "secret": PRICES.secret_month, "alarms": PRICES.alarm_month}
    assert fixed_per_month({"Resources": resources}, 1024)["cached snapshots"] == pytest.approx(3.95, abs=0.05)
