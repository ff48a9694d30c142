"""What page views write: caps and budgets are counted exactly, in few requests, and most pages count nothing."""

from statistics import mean

import orjson
import pytest

from tests.functional.ladder_rig import Shop
from tests.golden.test_example import CASES, read
from tests.golden.world import KEYS
from vitrine.api.decide import DecideBody
from vitrine.visitors.identity import mint

UNIT_BYTES = 1024
"""DynamoDB counts a write unit for each kilobyte begun."""


@pytest.fixture(scope="module")
def writes() -> list[list[int]]:
    """Bytes of each write of each page view that the example store's golden cases are about, campaigns and all."""
    found = []
    for name in CASES:
        shop, case = Shop(exercise_share=0.0), read(name)
        for body in (*case.get("before", ()), case["request"]):
            shop.table.written = []
            token = mint(case["as"], KEYS) if case["as"] else None
            shop.service.decide(token, DecideBody.from_body(orjson.dumps(body)).to_domain(None))
            found.append(shop.table.written)
    return found


def test_no_page_view_writes_more_than_a_budget_and_the_visitors_row(writes):
    """One counter and one row, each of one write unit."""
    assert max(map(len, writes)) == 2
    assert all(size <= UNIT_BYTES for page in writes for size in page)


def test_page_views_write_a_third_of_a_unit_on_average(writes):
    """Though every one of these pages is made to win a campaign; others write nothing."""
    assert mean(map(len, writes)) < 1 / 3
    assert sum(not page for page in writes) > len(writes) / 2
