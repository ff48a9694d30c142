"""The collect handler on tables and streams in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import orjson

from tests.functional.handlers import call, load_handler, recorded_event, with_body
from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.service.collect import CollectService
from vitrine.visitors.identity import TokenKeys, mint, parse_keys
from vitrine.visitors.stored import parse_profile

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW_MS = 1793620800000
KEYS = parse_keys('{"kid": "k1", "key": "' + "0" * 64 + '"}')
FIRST = "00112233445566778899aabbccddeeff"
FIRST_TOKEN = mint(FIRST, KEYS)


@dataclass
class Rig:
    """The collect handler on memory, for one test, at an instant that the test may change."""

    module: ModuleType = field(default_factory=lambda: load_handler("collect"))
    table: MemoryTable = field(default_factory=MemoryTable)
    stream: MemoryStream = field(default_factory=MemoryStream)
    now: datetime = NOW
    keys: TokenKeys | None = KEYS

    def service(self, **changes: Any) -> CollectService:
        """The service over this memory; no race is waited for. `changes` replace its parts."""
        parts = {
            "table": self.table,
            "events": self.stream,
            "token_keys": lambda _: self.keys,
            "new_visitor": lambda: FIRST,
            "clock": lambda: self.now,
            "back_off": lambda _: None,
        }
        return CollectService(**{**parts, **changes})

    def use(self, **changes: Any) -> None:
        """Wire the handler to a service with other parts."""
        service = self.service(**changes)
        self.module.service = lambda: service

    def send(self, body: object) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of the answer to a request with this body."""
        return call(self.module, with_body(recorded_event("collect"), body))

    def post(self, body: object) -> tuple[int, Any]:
        """Status and body."""
        return self.send(body)[:2]

    def profile(self, visitor: str = FIRST) -> Any:
        """The stored profile."""
        return parse_profile(self.table.read([keys.profile(visitor)], 1)[keys.profile(visitor)], NOW).profile

    def lake(self) -> list[dict[str, Any]]:
        """The raw events that were handed over."""
        return [orjson.loads(record) for record in self.stream.records]


def event(**changes: object) -> dict[str, object]:
    """A good view event with changes."""
    return {"id": "e1", "kind": "view", "at_ms": NOW_MS - 1000, "item": "1029743", **changes}


def batch(*events: Mapping[str, object], **changes: object) -> dict[str, object]:
    """A request with these events from a visitor who agreed."""
    return {"consent": ["personalization"], "events": list(events), **changes}
