"""/v1/people/{person} through the real handler: what the shop's backend may say, and what becomes of it."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from tests.functional.collect_rig import KEYS
from tests.functional.handlers import call, load_handler, recorded_event
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.outreach.person import MAX_VISITORS, Person, parse_person, row_of
from vitrine.outreach.state import Note, Sending, State, StoredState, parse_state
from vitrine.service.people import PeopleService
from vitrine.types import Absent, Key, Row
from vitrine.visitors.identity import mint

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
X, Y = "visitor-x", "visitor-y"
SENT = Sending("s1", "cart", 0, "", 1, "web_push", NOW_MS - 5, "sent")
POINT = urlsafe_b64encode(b"\x04" + b"p" * 64).rstrip(b"=").decode()
SECRET = urlsafe_b64encode(b"a" * 16).rstrip(b"=").decode()
SUBSCRIPTION = {
    "endpoint": "https://push.example.com/send/abc",
    "expirationTime": None,
    "keys": {"p256dh": POINT, "auth": SECRET},
}


class Dies(Exception):
    """The process ends here."""


@dataclass
class MortalTable(MemoryTable):
    """A table whose user dies before its n-th write."""

    left: int = 10**9

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        self.left -= 1
        if self.left < 0:
            raise Dies
        return super().replace(key, row, expected_rev, timeout_s)


@dataclass
class People:
    """The people handler on memory."""

    module: ModuleType = field(default_factory=lambda: load_handler("people"))
    table: MortalTable = field(default_factory=MortalTable)

    def service(self) -> PeopleService:
        """The service over this memory."""
        return PeopleService(
            self.table,
            lambda pk: [key for key in self.table.rows if key.pk == pk],
            lambda _: KEYS,
            lambda: NOW,
            lambda _: None,
        )

    def ask(self, method: str, person: str, body: object = None) -> tuple[int, Any]:
        """Status and body of the answer."""
        text = body if isinstance(body, str | None) else json.dumps(body)
        event = {"rawPath": f"/v1/people/{person}", "body": text, "requestContext": {"http": {"method": method}}}
        return call(self.module, event)[:2]

    def put(self, person: str, **body: object) -> Any:
        """The answer to a good telling."""
        status, answer = self.ask("PUT", person, body)
        assert status == 200, answer
        return answer

    def person(self, id_: str) -> Person:
        """A person as stored."""
        return parse_person(self.table.rows.get(keys.person(id_), Absent.MISSING), id_)[0]

    def state(self, id_: str) -> State:
        """What outreach remembers of a person."""
        return parse_state(self.table.rows.get(keys.outreach(id_), Absent.MISSING)).state

    def remember(self, id_: str, state: State) -> None:
        """Put a state."""
        self.table.rows[keys.outreach(id_)] = StoredState().successor(state, id_, NOW_MS)

    def owner(self, visitor: str) -> object:
        """Whose visitor it is."""
        return self.table.rows.get(keys.link(visitor), {}).get("person")


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    """The handler wired to memory."""
    rig = People()
    monkeypatch.setattr(rig.module, "service", rig.service)
    return rig


def token(visitor: str) -> str:
    """A visitor's token."""
    return mint(visitor, KEYS)


def test_a_login_makes_a_person(people: People) -> None:
    """Addresses, agreements, zone; the visitor's link; and somebody looks at once, for there may be a cart already."""
    answer = people.put(
        "ann",
        visitors=[token(X)],
        addresses={"mail": "ann@example.com", "sms": "+4930123456", "web_push": SUBSCRIPTION},
        allowed=["mail", "web_push"],
        zone="Europe/Berlin",
        locale="en-GB",
        name="Ann",
    )
    assert answer == {"person": "ann", "reached_by": ["mail", "web_push"]}
    person = people.person("ann")
    assert (person.visitors, person.zone, person.locale, person.name) == ((X,), "Europe/Berlin", "en-GB", "Ann")
    assert (people.owner(X), people.state("ann").due_ms) == ("ann", NOW_MS)


def test_a_recorded_call_is_taken(people: People) -> None:
    """As API Gateway sends it."""
    status, answer, headers = call(people.module, recorded_event("people"))
    assert (status, answer) == (200, {"person": "household-1929", "reached_by": ["mail", "sms"]})
    assert headers["Cache-Control"] == "no-store"


def test_what_is_told_is_merged(people: People) -> None:
    """A login on another device keeps what is known; the same again changes nothing but the alarm."""
    people.put("ann", visitors=[token(X)], addresses={"mail": "ann@example.com"}, allowed=["mail"], name="Ann")
    people.put("ann", visitors=[token(Y)], addresses={"sms": "+4930123456"}, allowed=["sms"], zone="Europe/Berlin")
    person = people.person("ann")
    assert (person.visitors, person.name, person.zone) == ((Y, X), "Ann", "Europe/Berlin")
    assert (dict(person.addresses), person.allowed) == (
        {"mail": "ann@example.com", "sms": "+4930123456"},
        {"mail", "sms"},
    )
    before = people.table.rows[keys.person("ann")]
    people.put("ann", visitors=[token(X)], allowed=["mail"])
    assert people.table.rows[keys.person("ann")] == before


def test_forgetting_a_channel(people: People) -> None:
    """Address and agreement go; the others stay."""
    people.put("ann", addresses={"mail": "a@b.example", "sms": "+4930123456"}, allowed=["mail", "sms"])
    assert people.put("ann", forget=["sms"])["reached_by"] == ["mail"]
    assert people.person("ann").addresses.keys() == {"mail"}


@pytest.mark.parametrize(
    ("reason", "told", "is_lifted"),
    [
        ("bounced", {"allowed": ["mail"]}, False),
        ("bounced", {"addresses": {"mail": "old@example.com"}}, False),
        ("bounced", {"addresses": {"mail": "new@example.com"}}, True),
        ("unsubscribed", {"addresses": {"mail": "new@example.com"}, "allowed": ["mail"]}, False),
        ("unsubscribed", {"forget": ["mail"]}, False),
        (
            "unsubscribed",
            {"forget": ["mail"], "addresses": {"mail": "old@example.com"}, "allowed": ["mail"]},
            True,
        ),
    ],
)
def test_what_lifts_a_suppression(people: People, reason: str, told: dict[str, object], is_lifted: bool) -> None:
    """A new address after a bounce; after a refusal only a new agreement, not each login that repeats the old one."""
    known = Person("ann", (), {"mail": "old@example.com"}, frozenset({"mail"}), {"mail": reason})
    people.table.rows[keys.person("ann")] = row_of(known, None)
    people.put("ann", **told)
    assert ("mail" not in people.person("ann").suppressed) is is_lifted


def test_a_visitor_moves_to_the_person_who_logs_in(people: People) -> None:
    """One device, two people: it counts for the last; the first keeps their own address."""
    people.put("bob", visitors=[token(X), token(Y)], addresses={"mail": "bob@example.com"})
    people.put("ann", visitors=[token(X)])
    assert (people.owner(X), people.owner(Y)) == ("ann", "bob")
    assert (people.person("bob").visitors, people.person("ann").visitors) == ((Y,), (X,))
    assert (people.person("bob").addresses.keys(), people.person("ann").addresses.keys()) == ({"mail"}, set())


def test_a_visitor_without_a_login_can_be_told_and_is_taken_along(people: People) -> None:
    """Web push without an account; after the login it is the account's, with what was sent, so caps hold."""
    people.put(f"v:{X}", addresses={"web_push": SUBSCRIPTION}, allowed=["web_push"], zone="Europe/Berlin")
    assert (people.person(f"v:{X}").visitors, people.owner(X)) == ((X,), f"v:{X}")
    note = Note("price_drop", "i1", 7, 100)
    on_its_way = Sending("s2", "cart", 1, "", 1, "web_push", NOW_MS - 4, "intended")
    people.remember(f"v:{X}", State((on_its_way, SENT), (note,), NOW_MS + 5))
    people.put("ann", visitors=[token(X)], allowed=["mail"])
    ann = people.person("ann")
    assert (ann.visitors, ann.zone, ann.allowed) == ((X,), "Europe/Berlin", {"mail", "web_push"})
    assert [(one.id, one.status) for one in people.state("ann").sendings] == [("s2", "sent"), ("s1", "sent")]
    assert people.state("ann").notes == (note,)
    assert people.state(f"v:{X}").due_ms is None
    assert (people.owner(X), keys.person(f"v:{X}") in people.table.rows) == ("ann", False)


def test_what_a_visitor_was_shown_before_anybody_told_of_them_counts(people: People) -> None:
    """The app shows messages to visitors of whom there is no row but what they were sent."""
    people.remember(f"v:{X}", State((SENT,)))
    people.put("ann", visitors=[token(X)])
    assert people.state("ann").sendings == (SENT,)


def test_a_visitor_means_whoever_has_it(people: People) -> None:
    """A browser's subscription comes with the visitor's token alone: it is the person's, if there is one."""
    people.put("ann", visitors=[token(X)])
    answer = people.put(f"v:{X}", addresses={"web_push": SUBSCRIPTION}, allowed=["web_push"])
    assert answer == {"person": "ann", "reached_by": ["web_push"]}
    assert people.ask("GET", f"v:{X}")[1]["person"] == "ann"
    assert people.ask("GET", f"v%3A{X}")[1]["person"] == "ann"


@pytest.mark.parametrize("dies_at", range(8))
def test_a_call_that_dies_anywhere_is_finished_by_the_next(people: People, dies_at: int) -> None:
    """At no instant do two people have the visitor and are both looked at; afterwards all is as if nothing was."""
    people.put(f"v:{X}", addresses={"web_push": SUBSCRIPTION}, allowed=["web_push"])
    people.remember(f"v:{X}", State((SENT,), due_ms=NOW_MS))
    people.table.left = dies_at
    answer = people.ask("PUT", "ann", {"visitors": [token(X)]})
    assert answer[0] in (200, 500)
    people.table.left = 10**9
    assert people.owner(X) in ("ann", f"v:{X}")
    if people.owner(X) == "ann":
        assert people.person(f"v:{X}").visitors == ()
        assert people.state("ann").sendings == (SENT,)
    people.put("ann", visitors=[token(X)])
    assert (people.owner(X), people.person("ann").visitors) == ("ann", (X,))
    assert (people.state("ann").sendings, people.state("ann").due_ms) == ((SENT,), NOW_MS)
    assert keys.person(f"v:{X}") not in people.table.rows


def test_the_longest_linked_gives_way(people: People) -> None:
    """Of more devices than are kept; its link goes, too, so that nobody is woken by it."""
    visitors = [f"v{n}" for n in range(MAX_VISITORS)]
    people.put("ann", visitors=[token(one) for one in visitors])
    people.put("ann", visitors=[token(X)])
    assert people.person("ann").visitors == (X, *visitors[:-1])
    assert (people.owner(visitors[-1]), people.owner(visitors[0])) == (None, "ann")


def test_a_person_is_shown_without_secrets(people: People) -> None:
    """What is known, what was sent, what is awaited; of a subscription only whose service it is."""
    people.put("ann", visitors=[token(X)], addresses={"web_push": SUBSCRIPTION, "mail": "ann@example.com"})
    people.remember("ann", State((SENT,), (), NOW_MS + 9))
    status, shown = people.ask("GET", "ann")
    assert status == 200
    assert shown["addresses"] == {"mail": "ann@example.com", "web_push": "push.example.com"}
    assert (shown["visitors"], shown["due_ms"], shown["sendings"][0]["message"]) == ([X], NOW_MS + 9, "cart")
    assert not any(secret in json.dumps(shown) for secret in (POINT, SECRET, "/send/abc"))
    assert people.ask("GET", "nobody")[0] == 404


def test_a_person_is_erased(people: People) -> None:
    """Every row under the id and the links of the visitors; others stay; a second time is no error."""
    people.put("ann", visitors=[token(X)])
    people.put("bob", visitors=[token(Y)])
    people.table.rows[keys.message("ann", "s1")] = {"content": b"x", "ttl": 1}
    profile = keys.profile(X)
    people.table.rows[profile] = {"rev": 1}
    assert people.ask("DELETE", "ann") == (200, {"deleted": 4})
    assert {key.pk for key in people.table.rows} == {"P#bob", f"V#{X}", f"V#{Y}"}
    assert people.table.rows.keys() >= {profile}
    assert people.ask("DELETE", "ann") == (200, {"deleted": 0})


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"addresses": {"mail": "no address"}}, "addresses.mail"),
        ({"addresses": {"mail": "a@b.example\nBcc: x@y.example"}}, "addresses.mail"),
        ({"addresses": {"mail": "a@b"}}, "addresses.mail"),
        ({"addresses": {"mail": f"{'a' * 65}@b.example"}}, "addresses.mail"),
        ({"addresses": {"mail": ".a@b.example"}}, "addresses.mail"),
        ({"addresses": {"sms": "030 123456"}}, "addresses.sms"),
        ({"addresses": {"sms": "+0301234567"}}, "addresses.sms"),
        ({"addresses": {"sms": "+4930123456\n"}}, "addresses.sms"),
        ({"addresses": {"push": "arn:aws:sqs:x"}}, "addresses.push"),
        ({"addresses": {"app": "x"}}, "addresses.app"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "http://push.example.com/"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://127.0.0.1/x"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://[::1]/x"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://0x7f.1/x"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://localhost/x"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://db.internal/x"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://u:p@push.example.com/"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://push.example.com:9001/"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "endpoint": "https://push.example.com:x/"}}}, "endpoint"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "keys": {"p256dh": SECRET, "auth": SECRET}}}}, "p256dh"),
        ({"addresses": {"web_push": {**SUBSCRIPTION, "keys": {"p256dh": POINT, "auth": "%%%"}}}}, "auth"),
        ({"addresses": {"web_push": {"endpoint": "https://push.example.com/x"}}}, "keys"),
        ({"allowed": ["pigeon"]}, "allowed.0"),
        ({"forget": "mail"}, "forget"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"zone": "Europe"}, "zone"),
        ({"locale": "english!"}, "locale"),
        ({"name": "Ann\u202e"}, "name"),
        ({"visitors": ["v1.k1.somebody.forged"]}, "visitor"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_bad_tellings_are_refused_by_name(people: People, body: dict[str, object], at: str) -> None:
    """Strictly, saying where, repeating no address, and nothing is written."""
    status, answer = people.ask("PUT", "ann", body)
    assert status in (400, 401)
    assert answer["error"]["field"].endswith(at)
    assert people.table.rows == {}


@pytest.mark.parametrize("person", ["a b", "x" * 65, "w:1", "v:", "a%2Fb", "%00"])
def test_bad_ids_are_refused(people: People, person: str) -> None:
    """By every method."""
    for method in ("PUT", "GET", "DELETE"):
        assert people.ask(method, person, {})[0] == 400


def test_a_visitor_is_nobody_else(people: People) -> None:
    """`v:<visitor>` with another's token would be a person by another's name."""
    status, answer = people.ask("PUT", f"v:{X}", {"visitors": [token(Y)]})
    assert (status, answer["error"]["field"]) == (400, "visitors")


def test_the_table_down_is_said(people: People) -> None:
    """503, come again."""
    people.table.outage = DependencyFailed("table", "down")
    for method in ("PUT", "GET", "DELETE"):
        assert people.ask(method, "ann", {})[0] == 503


def test_two_logins_at_once_leave_one_owner(people: People) -> None:
    """Whoever flips the link last has the visitor, and nobody else lists it."""
    people.put(f"v:{X}", addresses={"web_push": SUBSCRIPTION}, allowed=["web_push"])
    names = [f"p{n}" for n in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: people.put(name, visitors=[token(X)]), names))
    assert [name for name in names if X in people.person(name).visitors] == [people.owner(X)]
    assert keys.person(f"v:{X}") not in people.table.rows
