"""The studio's estimate of what a decision costs: arithmetic over list prices."""

import gzip

import pytest

from vitrine.local.prices import GB, PRICES
from vitrine.local.studio_cost import HTTP_HEAD_BYTES, MISSED_SHARE, estimate

ANSWER = b'{"placements": {}}' * 100
WHY = {
    "seeds": [{"item": "s"}],
    "placements": {
        "a": {"items": [{"item": "1"}, {"item": "2"}], "rows": []},
        "b": {"items": [], "rows": [{"items": [{"item": "2"}, {"item": "3"}]}]},
    },
}


def test_every_item_is_its_price_times_what_was_used():
    """Per million decisions, in US dollars."""
    cost = estimate(ANSWER, WHY, {"read": 4.0, "rank": 6.0}, memory_mb=1024, known=True)
    units = 3.0 + MISSED_SHARE * 0.5 * 4  # fixed rows, the visitor's, and four different goods
    bytes_out = len(gzip.compress(ANSWER, 6)) + HTTP_HEAD_BYTES
    assert cost.items == pytest.approx(
        {
            "API Gateway": 1.0,
            "Lambda, request": 0.2,
            "Lambda, duration": 10_000 * PRICES.lambda_gb_s,
            "DynamoDB, reads": units * 0.125,
            "data out": bytes_out / GB * PRICES.out_gb * 1_000_000,
        }
    )
    assert cost.total == pytest.approx(sum(cost.items.values()))
    assert (cost.duration_ms, cost.read_units, cost.bytes_out) == (10.0, pytest.approx(units), bytes_out)


def test_half_the_memory_is_half_the_duration_price():
    """Lambda bills memory times duration."""
    whole, half = (estimate(b"", None, {"read": 8.0}, memory, known=False) for memory in (1024, 512))
    assert half.items["Lambda, duration"] == pytest.approx(whole.items["Lambda, duration"] / 2)


def test_a_stranger_has_no_rows():
    """What is read for everybody stays."""
    stranger, known = (estimate(b"", WHY, {}, 1024, known=known) for known in (False, True))
    assert known.read_units - stranger.read_units == pytest.approx(2.0)
    assert estimate(b"", None, {}, 1024, known=False).read_units == 1.0
