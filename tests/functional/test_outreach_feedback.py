"""What providers tell, through the real handler: addresses that bounced, doubts that are settled."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.outreach.person import Person, parse_person, row_of
from vitrine.outreach.state import Sending, State, Status, StoredState, parse_state
from vitrine.service.feedback import FeedbackService

PERSON, SENDING = "household-1929", "00112233445566778899aabbccddeeff"  # as in the recorded event
ADDRESS = "household-1929@demo.example"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


@dataclass
class Rig:
    """The handler on memory."""

    module: ModuleType = field(default_factory=lambda: load_handler("outreach_feedback"))
    table: MemoryTable = field(default_factory=MemoryTable)

    def __post_init__(self) -> None:
        addresses: Any = {"mail": ADDRESS, "sms": "+15550100"}
        person = Person(PERSON, addresses=addresses, allowed=frozenset(("mail", "sms")))
        self.table.write([(keys.person(PERSON), row_of(person, None))])
        self.table.write([(keys.sending(SENDING), {"person": PERSON})])
        self.keep("in_doubt")

    def keep(self, status: Status, due_ms: int | None = NOW_MS + 1) -> None:
        """Remember the sending as it stands."""
        sending = Sending(SENDING, "cart-left", 0, "", 1, "mail", NOW_MS - 1, status)
        row = StoredState().successor(State((sending,), (), due_ms), PERSON, NOW_MS)
        self.table.write([(keys.outreach(PERSON), row)])

    def tell(self, *bodies: str) -> Any:
        """The answer to notifications."""
        (record,) = recorded_event("outreach_feedback")["Records"]
        records = [{**record, "messageId": str(n), "body": body} for n, body in enumerate(bodies)]
        failures = self.module.handler({"Records": records}, CONTEXT)["batchItemFailures"]
        return [int(one["itemIdentifier"]) for one in failures]

    def person(self) -> Person:
        """What is known of the person."""
        return parse_person(self.table.rows[keys.person(PERSON)], PERSON)[0]

    def state(self) -> State:
        """What outreach remembers of the person."""
        return parse_state(self.table.rows[keys.outreach(PERSON)]).state


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The handler wired to memory."""
    rig = Rig()
    monkeypatch.setattr(rig.module, "service", lambda: FeedbackService(rig.table, lambda: NOW))
    return rig


def notification(kind: str = "Bounce", **changes: Any) -> str:
    """The recorded bounce, or another kind."""
    plain = json.loads(recorded_event("outreach_feedback")["Records"][0]["body"])
    plain |= {"eventType": kind, **changes}
    if kind == "Delivery":
        plain["delivery"] = {"recipients": [ADDRESS]}
    return json.dumps(plain)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The metrics of the one line."""
    return {name: value for name, value in json.loads(capsys.readouterr().out).items() if name != "_aws"}


def test_an_address_that_bounced_is_used_no_more(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """The others of the person are. That it bounced also says that it was sent."""
    assert rig.tell(notification()) == []
    assert rig.person().suppressed == {"mail": "bounced: Permanent General"}
    assert rig.person().reaches("sms")
    assert printed(capsys) == {"service": "outreach_feedback", "Bounced": 1, "Suppressed": 1}


@pytest.mark.parametrize("status", ["intended", "in_doubt"])
def test_a_word_of_the_provider_settles_a_doubt(rig: Rig, status: Status) -> None:
    """The alarm stays where it was."""
    rig.keep(status)
    assert rig.tell(notification("Delivery")) == []
    assert rig.state().sendings[0].status == "sent"
    assert rig.state().due_ms == NOW_MS + 1
    assert not rig.person().suppressed


@pytest.mark.parametrize("status", ["sent", "failed", "retry"])
def test_what_is_settled_stays(rig: Rig, status: Status) -> None:
    rig.keep(status)
    before = dict(rig.table.rows)
    assert rig.tell(notification("Delivery"), notification("Delivery")) == []
    assert rig.table.rows == before


def test_the_same_word_twice_changes_nothing_more(rig: Rig) -> None:
    """SNS and SQS deliver at least once."""
    rig.tell(notification())
    before = dict(rig.table.rows)
    assert rig.tell(notification(), notification()) == []
    assert rig.table.rows == before


def test_a_passing_bounce_suppresses_nothing(rig: Rig) -> None:
    bounce = {"bounceType": "Transient", "bouncedRecipients": [{"emailAddress": ADDRESS}]}
    assert rig.tell(notification(bounce=bounce)) == []
    assert not rig.person().suppressed


def test_another_address_is_not_this_persons(rig: Rig) -> None:
    """They told of a new one meanwhile."""
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "old@demo.example"}]}
    assert rig.tell(notification(bounce=bounce)) == []
    assert not rig.person().suppressed


def test_a_word_of_something_unknown_is_counted(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing else: it may be of a mail that somebody else sent, or of a person who was forgotten."""
    del rig.table.rows[keys.sending(SENDING)]
    before = dict(rig.table.rows)
    assert rig.tell(notification()) == []
    assert rig.table.rows == before
    assert printed(capsys)["Unknown"] == 1


def test_poison_fails_alone(rig: Rig) -> None:
    """So that exactly it ends in the dead letters."""
    assert rig.tell("{", notification(), "[]", '{"eventType": "Open"}', "\ud800") == [0, 2, 3, 4]
    assert rig.person().suppressed


def test_an_outage_brings_the_word_again(rig: Rig) -> None:
    rig.table.outage = DependencyFailed("table", "down")
    assert rig.tell(notification()) == [0]
    rig.table.outage = None
    assert rig.tell(notification()) == []
    assert rig.person().suppressed
