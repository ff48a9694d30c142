"""The contract of ports.Agenda, in memory and on DynamoDB: who is due in a shard, the oldest first."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.contract.conftest import SHAPES
from tests.contract.local_stack import maker
from tests.contract.stubs import stubbed
from vitrine import keys
from vitrine.adapters.agenda_dynamodb import DynamoAgenda
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.memory import MemoryTable
from vitrine.adapters.memory_outreach import MemoryAgenda
from vitrine.errors import DependencyFailed
from vitrine.outreach.state import State, StoredState, shard_of
from vitrine.ports import Agenda, Table
from vitrine.types import Key

NUMBERS = count()
NOW_MS = 1_800_000_000_000
SHARD = "DUE#07"
Rig = tuple[Table, Agenda]


def in_memory() -> Rig:
    """Table and agenda."""
    table = MemoryTable()
    return table, MemoryAgenda(table)


@pytest.fixture
def on_stack(stack: str) -> Rig:
    """Table and agenda of a table with the index."""
    name = f"agenda-{next(NUMBERS)}"
    maker("dynamodb", stack)().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            *({"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", "shard")),
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "shard", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    make = maker("dynamodb", stack)
    return DynamoTable(name, make_reader=make, make_writer=make), DynamoAgenda(name, make)


@pytest.fixture(params=SHAPES)
def rig(request: pytest.FixtureRequest) -> Rig:
    """Each shape."""
    return in_memory() if request.param == "memory" else request.getfixturevalue("on_stack")


def arm(table: Table, person: str, due_ms: int, shard: str = SHARD) -> None:
    """A row that is due."""
    table.write([(keys.outreach(person), {"state": b"s", "rev": 1, "shard": shard, "due": due_ms})])


def test_whoever_is_due_is_named_the_oldest_first(rig: Rig) -> None:
    """Of the shard alone, and not who is due later."""
    table, agenda = rig
    for person, due_ms in {"c": NOW_MS, "a": NOW_MS - 60_000, "b": NOW_MS - 1, "later": NOW_MS + 1}.items():
        arm(table, person, due_ms)
    arm(table, "elsewhere", NOW_MS - 5, "DUE#08")
    assert agenda.due(SHARD, NOW_MS, 100) == [("a", NOW_MS - 60_000), ("b", NOW_MS - 1), ("c", NOW_MS)]


def test_no_more_than_asked_for(rig: Rig) -> None:
    """The oldest ones."""
    table, agenda = rig
    for n in range(9):
        arm(table, f"p{n}", NOW_MS - n)
    assert [person for person, _ in agenda.due(SHARD, NOW_MS, 4)] == ["p8", "p7", "p6", "p5"]
    assert agenda.due(SHARD, NOW_MS, 0) == []


def test_a_row_that_awaits_nothing_is_in_no_shard(rig: Rig) -> None:
    """As the state's rows are written: armed, then put to rest."""
    table, agenda = rig
    person, key = "v:abc", keys.outreach("v:abc")
    armed = StoredState().successor(State(due_ms=NOW_MS - 1), person, NOW_MS)
    assert table.replace(key, armed, None)
    assert agenda.due(shard_of(person), NOW_MS, 10) == [(person, NOW_MS - 1)]
    assert table.replace(key, StoredState(State(), 1).successor(State(), person, NOW_MS), 1)
    assert agenda.due(shard_of(person), NOW_MS, 10) == []


def test_foreign_rows_of_the_index_stop_nobody(rig: Rig) -> None:
    """They are passed over."""
    table, agenda = rig
    table.write(
        [(Key("X#1", "OUTREACH"), {"shard": SHARD, "due": 1}), (Key("P#a", "PERSON"), {"shard": SHARD, "due": 2})]
    )
    arm(table, "a", NOW_MS)
    assert agenda.due(SHARD, NOW_MS, 10) == [("a", NOW_MS)]


def page(*persons: str, more: bool = False) -> dict[str, object]:
    """DynamoDB's answer."""
    items = [
        {"pk": {"S": f"P#{one}"}, "sk": {"S": "OUTREACH"}, "shard": {"S": SHARD}, "due": {"N": "5"}} for one in persons
    ]
    return {"Items": items, **({"LastEvaluatedKey": items[-1]} if more else {})}


def test_pages_are_followed_until_there_are_enough() -> None:
    """DynamoDB ends a page where it likes."""
    client = stubbed("dynamodb", "query", [page("a", more=True), page("b", "c", more=True)])
    assert DynamoAgenda("t", lambda: client).due(SHARD, 9, 3) == [("a", 5), ("b", 5), ("c", 5)]
    client.stubber.assert_no_pending_responses()


@pytest.mark.parametrize("answer", ["ThrottlingException", {"Items": [{"pk": {"S": "P#a"}}]}])
def test_trouble_is_a_failed_dependency(answer: dict[str, object] | str) -> None:
    """Whether it refuses or talks nonsense."""
    with pytest.raises(DependencyFailed):
        DynamoAgenda("t", lambda: stubbed("dynamodb", "query", [answer])).due(SHARD, 9, 3)


@pytest.fixture
def failing() -> Callable[[], Agenda]:
    """An agenda in memory whose table is away."""
    return lambda: MemoryAgenda(MemoryTable(), DependencyFailed("table", "away"))


def test_an_outage_in_memory_is_one_too(failing: Callable[[], Agenda]) -> None:
    """So that tests need no mock."""
    with pytest.raises(DependencyFailed):
        failing().due(SHARD, 9, 3)
