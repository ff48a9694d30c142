"""Many beacons of one visitor at once, on both shapes of the table: nothing is lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from vitrine import keys
from vitrine.adapters.clock import back_off
from vitrine.adapters.memory import MemoryStream
from vitrine.ports import Table
from vitrine.service.collect import Batch, CollectService
from vitrine.types import Event
from vitrine.visitors.identity import parse_keys
from vitrine.visitors.stored import parse_profile

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
KEYS = parse_keys(json.dumps({"kid": "k1", "key": "0" * 64}))
WRITERS = 6
BATCHES = 7


def test_concurrent_beacons_of_one_visitor_all_count(table: Table) -> None:
    """Six writers race for one profile; every event ends in it and in the lake exactly once."""
    stream = MemoryStream()
    service = CollectService(
        table,
        stream,
        token_keys=lambda _: KEYS,
        new_visitor=lambda: "new",
        clock=lambda: NOW,
        back_off=back_off,
        monotonic=lambda: 0.0,  # a slow machine is not what this is about
    )

    def write(writer: int) -> int:
        taken = 0
        for n in range(BATCHES):
            name = f"{writer}-{n}"
            event = Event(name, "view", NOW_MS - n * WRITERS - writer, name)
            batch = Batch("v1", frozenset({"personalization"}), [(0, event)])
            taken += service.collect(batch, NOW).accepted
        return taken

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(write, range(WRITERS))) == WRITERS * BATCHES
    stored = parse_profile(table.read([keys.profile("v1")], 5.0, latest=True)[keys.profile("v1")], NOW)
    expected = [f"{writer}-{n}" for n in range(BATCHES) for writer in range(WRITERS)]
    assert list(stored.profile.recent_items(99)) == expected
    assert sorted(json.loads(record)["id"] for record in stream.records) == sorted(expected)
    assert stored.rev == WRITERS * BATCHES
