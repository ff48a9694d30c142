"""A shop over a table in memory: its cards are written as the jobs do, and environments of a service decide from it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from tests.functional.test_publish import Fuse, FusedTable
from tests.golden.world import KEYS, LEAVES, NOW, NOW_MS, RELEASE, STORE, LinearRanker, card_of, rows
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryStream
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.card_stamp import STAMP, CardStamp, parse_stamp
from vitrine.catalog.packed_cards import unpack_cards
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.release import Pointer, Release
from vitrine.refresh.card_stamps import digest_of_note, pack_cards_of
from vitrine.refresh.cards import publish_cards
from vitrine.service.decide import DecideService
from vitrine.service.releases import Releases
from vitrine.types import ItemId, Key, Page, Row, Rows

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
QUIET = CardStamp(NOW_MS - 3_600_000, NOW_MS - 3_600_000, written=digest_of_note(b""))
REQUEST = DecisionRequest(Page("home"), consent=frozenset({"personalization"}), placements=("home.recs",))


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def priced(price: int, items: tuple[ItemId, ...] = tuple(LEAVES)) -> Iterator[tuple[ItemId, Row]]:
    """The catalogue's cards at one price; `updated_ms` is a part of the row."""
    return ((item, asdict(replace(card_of(item), price=price)) | {"updated_ms": 1}) for item in items)


class Spied(FusedTable):
    """A table that notes what is read of it, and can be killed."""

    asked: list[Key]

    def read(self, wanted: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        self.asked = [*getattr(self, "asked", ()), *wanted]
        return super().read(wanted, timeout_s, latest=latest)


class Shop:
    """The decide service over a table whose pointer has a quiet stamp; cards are written as the jobs do."""

    def __init__(self, *, has_stamp: bool = True, packs: bool = False) -> None:
        self.now = NOW
        self.table = Spied(fuse=Fuse(-1))
        pointer = Pointer(RELEASE, "0" * 64, None, 1, cards=QUIET.to_bytes() if has_stamp else b"")
        self.table.rows.update(rows() | {keys.RELEASE_POINTER: pointer.to_row()})
        self.objects, self.records = MemoryObjects(), MemoryStream()
        compiled = load_store(compile_store(STORE))
        packed = unpack_cards(pack_cards_of(list(LEAVES) if packs else [], self.table, self.objects, self.clock).part)
        self.release = Release(RELEASE, NOW_MS, compiled, LinearRanker(), {}, cards=packed)
        self.service = self.environment()

    def environment(self) -> DecideService:
        """A new environment of the service."""
        return DecideService(
            table=self.table,
            releases=Releases(self.table, lambda pointer: self.release, lambda: self.release),
            records=self.records,
            token_keys=lambda kid: KEYS,
            clock=self.clock,
            new_id=lambda now: f"d-{now:%H%M%S}",
            entropy=bytes,
            seconds=lambda: 0.0,
            exercise_share=0.0,
        )

    def clock(self) -> datetime:
        """The present."""
        return self.now

    def write(self, price: int) -> None:
        """As a refresh and a feed do."""
        publish_cards(priced(price), self.table, self.objects, self.clock, quiet)

    def write_past_the_stamp(self, price: int) -> None:
        """As somebody does by hand."""
        self.table.write((keys.card(item), row) for item, row in priced(price))

    def serve_a_while(self) -> None:
        """Two page views, minutes apart: the environment has known the stamp for a while at the second."""
        for _ in range(2):
            self.now += 2 * MINUTE
            self.milk()

    def stamp(self) -> CardStamp:
        """The one in the pointer."""
        stamp = parse_stamp(self.table.rows[keys.RELEASE_POINTER][STAMP])
        assert stamp is not None
        return stamp

    def milk(self) -> int:
        """The price of milk on the next page view."""
        placement = next(iter(self.service.decide(None, REQUEST).decision.placements))
        return next(slot.card.price for slot in placement.items if slot.item == "milk")

    def cards_read(self) -> int:
        """How many cards a page view reads."""
        self.table.asked = []
        self.milk()
        return sum(key.sk == "CARD" for key in self.table.asked)
