"""What became of a feed, in words and numbers: kept as JSON in the lake, shown by the command and by the report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final, Literal

import orjson

from vitrine.catalog.feed_gates import Gate
from vitrine.catalog.feed_items import Ignored
from vitrine.ports import Objects
from vitrine.refresh.engine import Engine
from vitrine.refresh.feed_stage import Heard
from vitrine.refresh.report import BarFigure, Cell, Section, TableFigure, Tone
from vitrine.values import dataclass

ACCOUNT: Final = "feeds/account.json"
EXAMPLES: Final = 10
KINDS: Final = ("price_drop", "price_rise", "back_in_stock", "out_of_stock", "new", "gone")
Outcome = Literal["accepted", "quarantined", "unchanged", "waiting"]
Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a feed. `id` names its change or its quarantine; `facts` are plain data."""

    outcome: Outcome
    at_ms: int
    source: str
    id: str = ""
    cards: int = 0
    facts: Plain | None = None

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        facts = self.facts or {}
        match self.outcome:
            case "waiting":
                return f"there is no feed yet at {self.source}; the catalogue is as it was"
            case "unchanged":
                return f"the feed of {self.source} is the one we have; {self.cards:,} cards written"
            case "quarantined":
                why = "; ".join(_refusal(gate) for gate in facts["gates"] if not gate["passed"])
                return f"the feed of {self.source} is in quarantine as {self.id}, the old catalogue stays: {why}"
            case "accepted":
                changes = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in facts["changes"].items() if n)
                held = sum(facts["held"].values())
                return (
                    f"the feed of {self.source} is the catalogue: {facts['items']:,} items, {held:,} held back; "
                    f"{changes or 'no changes'}; {self.cards:,} cards written"
                )

    def to_json(self) -> bytes:
        """All of it."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def parse_account(data: bytes) -> Account | None:
    """The account that `to_json` wrote, None for anything else."""
    try:
        return Account(**orjson.loads(data))
    except (ValueError, TypeError):
        return None


def gather(engine: Engine, heard: Heard, ignored: Ignored, gates: Sequence[Gate], *, is_first: bool) -> dict[str, Any]:
    """The numbers behind an account, with the first examples of everything that people will want to look at."""
    kinds = "select kind, count(*) from feed_changes group by kind"
    changes = {} if is_first else dict(engine.execute(kinds))
    odd = "select verdict, count(*) from feed_verdicts where verdict is not null group by verdict order by verdict"
    held = (
        "select item, verdict, old_price, price, line from feed_verdicts where verdict is not null "
        "order by verdict, item"
    )
    drops = (
        "select feed_changes.item, title, before, after from feed_changes "
        "join feed_catalogue on feed_catalogue.item = feed_changes.item where kind = 'price_drop' "
        "order by 1.0 * after / before, feed_changes.item"
    )
    return {
        "rows": heard.rows,
        "items": engine.count("feed_catalogue"),
        "gates": [asdict(gate) | {"passed": gate.is_passed} for gate in gates],
        "changes": {kind: changes.get(kind, 0) for kind in KINDS},
        "held": dict(engine.execute(odd)),
        "held_examples": _rows(engine, held),
        "drops": _rows(engine, drops),
        "faults": dict(heard.faults),
        "first_faults": [str(fault) for fault in heard.shown],
        "ignored": dict(ignored.counts.most_common(EXAMPLES)),
    }


def feed_section(lake: Objects) -> Section | None:
    """What the last feed changed, for the report of a refresh; None for a store without feeds."""
    data = lake.get(ACCOUNT)
    account = None if data is None else parse_account(data)
    return None if account is None else section_of(account)


def section_of(account: Account) -> Section:
    """A heading with the gates, the changes and the examples."""
    facts = account.facts or {}
    tone: Tone = "bad" if account.outcome == "quarantined" else "plain"
    if account.outcome == "accepted":
        tone = "warning" if facts["held"] or facts["faults"] else "good"
    return Section("Catalogue feed", account.summary, _figures(facts) if facts else (), tone)


def _figures(facts: Plain) -> list[BarFigure | TableFigure]:
    changes = facts["changes"]
    kinds = [kind.replace("_", " ") for kind in changes]
    faults = [(text,) for text in facts["first_faults"]]
    return [
        TableFigure("Gates", ("gate", "what", "found", "of", "allowed", "result"), [*map(_row, facts["gates"])]),
        BarFigure("Changes against the catalogue before", kinds, {"items": [*changes.values()]}),
        TableFigure("Deepest price drops", ("item", "title", "before", "now"), facts["drops"]),
        TableFigure("Held back", ("item", "why", "price before", "price in the feed", "line"), facts["held_examples"]),
        TableFigure("First faults of the feed", ("fault",), faults),
    ]


def _row(gate: Plain) -> tuple[Cell, ...]:
    word = "passed" if gate["passed"] else "refused"
    return gate["name"], gate["says"], gate["found"], gate["whole"], f"{gate['bound']:.1%}", word


def _refusal(gate: Plain) -> str:
    counted = f" ({gate['found']:,} of {gate['whole']:,})" if gate["whole"] > 1 else ""
    return f"{gate['name']}: {gate['says']}{counted}"


def _rows(engine: Engine, sql: str) -> list[list[Any]]:
    return [list(row) for row in engine.execute(f"{sql} limit {EXAMPLES}")]
