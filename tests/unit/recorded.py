"""A small store whose decisions are put on record: campaigns that cap, exclude and count, a row that explores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tests.unit import pages
from tests.unit.pages import NOW, NOW_MS, placement, row
from tests.unit.tables import personal, related, shelf
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.catalog.items import Card
from vitrine.catalog.packed import pack
from vitrine.decisions.actions import Action, Content, Explore, Fixed, Strategy
from vitrine.decisions.body import decision_body
from vitrine.decisions.campaigns import Budget, Campaign, Cap, Variation
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.placements import Store
from vitrine.decisions.record import digest_of_answer, record_of
from vitrine.decisions.release import Pointer, Release
from vitrine.decisions.tape import Tape
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.service.claims import Counter
from vitrine.service.replay import Replay
from vitrine.types import Absent, Event, ItemId, Key, Row
from vitrine.visitors.exposures import Exposures, row_of
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

RELEASE = "20261122T000000-00000000"
ITEMS = [f"item{n}" for n in range(30)]
BUDGET = Budget(100, None, 1)
SPENT = keys.budget("last", 0, 0)
TITLES = Fixed({"en": {"text": "Rain"}, "ru": {"text": "Rain"}})
BY_MODEL = Strategy("anyone", ("popular", "bought_together_page", "similar_recent", "personal"), "model")
EXPLORING = row(BY_MODEL, explore=Explore(0.5, 10))


def store() -> Store:
    """A row that explores, and campaigns with a cap, a group and a budget."""
    shown = Action("content", content=Content(TITLES))
    campaigns = (
        Campaign("rain", frozenset({"home.top"}), (Variation("a", shown),), priority=2, caps=(Cap(2, "period", 1000),)),
        Campaign("sale", frozenset({"home.top"}), (Variation("a", shown),), priority=1, group="sales", control=0.3),
        Campaign("last", frozenset({"home.top"}), (Variation("a", shown),), budget=BUDGET),
    )
    placements = {
        "home.top": replace(placement("home.top"), pages=frozenset({"home", "product"})),
        "home.recs": replace(placement("home.recs"), action=Action("products", EXPLORING)),
        "product.more": replace(placement("product.more"), pages=frozenset({"product"})),
    }
    return replace(pages.store(), placements=placements, campaigns=campaigns)


def rows() -> dict[Key, Row]:
    """Lists of the release, profiles, cards."""
    lists = {
        keys.shelf("north", None, RELEASE): shelf(ITEMS[:12]),
        keys.personal("h1", RELEASE): personal(ITEMS[4:8]),
        **{keys.related(item, RELEASE): related(item, ITEMS[n + 1 : n + 4], []) for n, item in enumerate(ITEMS[:20])},
    }
    seen = Profile().apply([Event("e1", "view", NOW_MS - 60_000, ITEMS[3])])
    return {
        keys.RELEASE_POINTER: Pointer(RELEASE, "0" * 64, None, 1).to_row(),
        **{key: {"table": pack(table)} for key, table in lists.items()},
        keys.profile("h1"): Stored(Profile(), None).successor(Profile(), NOW),
        keys.profile("seen"): Stored(Profile(), None).successor(seen, NOW),
    }


@dataclass
class World:
    """A table, a release, and the records of what was decided there."""

    table: MemoryTable = field(default_factory=lambda: MemoryTable(rows()))
    records: dict[str, bytes] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    gone: bool = False
    trouble: str = ""

    def decide(self, decision: str, now: datetime, request: DecisionRequest) -> bytes:
        """Decide and record, as the service does; the body of the answer."""
        release = self.load(RELEASE)
        tape, context = Tape(), resolve_context(decision, now, request, release.store)
        made = decide(
            context,
            release,
            tape.reading(lambda wanted: self.table.read(wanted, 1.0)),
            tape.reading_cards(self.cards),
            tape.claiming(lambda claims: self.claim(request.visitor or "", claims)),
            lambda stage: None,
        )
        body = decision_body(made)
        self.records[decision] = record_of(context, made, request.visitor, tape, digest_of_answer(body))
        self.bodies[decision] = body
        return body

    def claim(self, visitor: str, claims: Claims) -> ClaimOutcome:
        """Count. In a `race` somebody else writes the visitor's row first, in an `outage` nothing can be written, in a
        `sale` others spend the whole budget between the read and the claim."""
        key = keys.shown(visitor)
        if self.trouble == "race":
            row = self.table.rows.get(key) or row_of(Exposures(), None, NOW)
            self.table.rows[key] = {**row, "rev": int(row["rev"]) + 1}
            self.trouble = ""
        self.table.outage = DependencyFailed("table", "down") if self.trouble == "outage" else None
        before = self.table.rows.get(SPENT, {"used": 0})
        if self.trouble == "sale":
            self.table.rows[SPENT] = {"used": BUDGET.views}
        outcome = Counter(self.table, lambda: 0.0).claim(visitor, claims, 1.0)
        self.table.outage = None
        if self.trouble == "sale":
            self.table.rows[SPENT] = before
        return outcome

    def cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """One item in ten has none."""
        return {item: Absent.MISSING if item.endswith("9") else pages.card(item) for item in items}

    def load(self, release: str) -> Release:
        """The only release."""
        if self.gone or release != RELEASE:
            raise InvalidRelease(f"part 'store.json' of release {release} is not in the bucket")
        return Release(RELEASE, NOW_MS - 3_600_000, store(), pages.Even(), {"north": []})

    def find(self, decision: str) -> bytes | None:
        """See ports.DecisionLog."""
        return self.records.get(decision)

    def recent(self, n: int, since: datetime | None = None) -> Iterator[bytes]:
        """See ports.DecisionLog."""
        return iter(list(self.records.values())[::-1][:n])

    def replay(self) -> Replay:
        """Replays of this world's decisions."""
        return Replay(self.table, self.load, self)
