"""The contract of ports.Table, in memory and on DynamoDB."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.local_stack import maker
from tests.contract.slow_server import Server
from tests.contract.stubs import stubbed
from vitrine.adapters.aws import ONE_ATTEMPT, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.ports import Table
from vitrine.types import Absent, Key, Row

KEY = Key("V#v1", "PROFILE")
COUNTER = Key("B#sale", "0#3")
ROW: Row = {"text": "Молоко", "empty": "", "number": 2**53 + 1, "negative": -5, "raw": b"\x00\xff", "yes": True}


def test_a_row_comes_back_as_it_was_written(table: Table) -> None:
    """Strings, integers, binaries and booleans keep their type and value."""
    assert table.write([(KEY, ROW)]) == 1
    read = table.read([KEY], 5.0)[KEY]
    assert read == ROW
    assert not isinstance(read, Absent)
    assert read["yes"] is True
    assert type(read["number"]) is int


def test_a_key_without_a_row_is_missing(table: Table) -> None:
    """What is not stored is MISSING, not left out."""
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_keys_asked_twice_are_answered_once(table: Table) -> None:
    """A repeated key is no error."""
    table.write([(KEY, {"n": 1})])
    assert table.read([KEY, KEY], 5.0) == {KEY: {"n": 1}}


def test_reading_nothing_answers_nothing(table: Table) -> None:
    """No keys, no rows, no error."""
    assert table.read([], 5.0) == {}


def test_hundreds_of_rows_are_written_and_read(table: Table) -> None:
    """Batches larger than one request of either kind are split."""
    rows = [(Key(f"I#{n}", "CARD"), {"n": n}) for n in range(230)]
    assert table.write(iter(rows)) == 230
    assert table.read([key for key, _ in rows], 10.0) == dict(rows)


def test_latest_reads_what_was_just_written(table: Table) -> None:
    """A consistent read follows a write at once."""
    table.write([(KEY, {"n": 1})])
    assert table.read([KEY], 5.0, latest=True) == {KEY: {"n": 1}}


def test_writing_again_replaces_the_whole_row(table: Table) -> None:
    """No attribute of the former row stays."""
    table.write([(KEY, {"a": 1, "b": 2})])
    table.write([(KEY, {"a": 3})])
    assert table.read([KEY], 5.0) == {KEY: {"a": 3}}


def test_the_last_of_two_writes_of_one_key_in_a_call_stays(table: Table) -> None:
    """A key twice in one batch is no error."""
    assert table.write([(KEY, {"n": 1}), (KEY, {"n": 2})]) == 2
    assert table.read([KEY], 5.0) == {KEY: {"n": 2}}


def test_deleted_rows_are_missing(table: Table) -> None:
    """Deleting takes present and absent keys alike."""
    other = Key("V#other", "PROFILE")
    table.write([(KEY, {"n": 1})])
    assert table.delete([KEY, other]) == 2
    assert table.read([KEY, other], 5.0) == {KEY: Absent.MISSING, other: Absent.MISSING}


def test_replace_creates_only_where_nothing_is(table: Table) -> None:
    """Without an expected revision the row must not exist."""
    assert table.replace(KEY, {"rev": 1}, None)
    assert not table.replace(KEY, {"rev": 1, "late": True}, None)
    assert table.read([KEY], 5.0) == {KEY: {"rev": 1}}


def test_replace_demands_the_expected_revision(table: Table) -> None:
    """The second of two writers that read the same revision is refused and changes nothing."""
    table.replace(KEY, {"rev": 1}, None)
    assert table.replace(KEY, {"rev": 2, "by": "first"}, 1)
    assert not table.replace(KEY, {"rev": 2, "by": "second"}, 1)
    assert table.read([KEY], 5.0) == {KEY: {"rev": 2, "by": "first"}}


def test_replace_of_a_missing_row_with_a_revision_is_refused(table: Table) -> None:
    """A row that somebody deleted is not brought back by a stale writer."""
    assert not table.replace(KEY, {"rev": 2}, 1)
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_of_concurrent_replacements_exactly_one_wins(table: Table) -> None:
    """Eight writers expect the same revision."""
    table.replace(KEY, {"rev": 1}, None)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: table.replace(KEY, {"rev": 2, "by": n}, 1), range(8)))
    assert won.count(True) == 1
    assert table.read([KEY], 5.0) == {KEY: {"rev": 2, "by": won.index(True)}}


def test_a_counter_counts_up_to_its_limit(table: Table) -> None:
    """A row that is missing counts as 0; at the limit nothing is added, and a higher limit goes on."""
    assert [table.count(COUNTER, 2, None) for _ in range(3)] == [True, True, False]
    assert table.read([COUNTER], 5.0, latest=True) == {COUNTER: {"used": 2}}
    assert table.count(COUNTER, 3, None, 5.0)
    assert table.read([COUNTER], 5.0, latest=True) == {COUNTER: {"used": 3}}


def test_a_counter_keeps_its_time_to_live(table: Table) -> None:
    """It is set with each count, and other attributes of the row stay."""
    table.write([(COUNTER, {"note": "by hand"})])
    assert table.count(COUNTER, 5, 1_700_000_000)
    assert table.count(COUNTER, 5, 1_700_000_500)
    expected = {"note": "by hand", "used": 2, "ttl": 1_700_000_500}
    assert table.read([COUNTER], 5.0, latest=True) == {COUNTER: expected}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_lets_nothing_pass(table: Table, limit: int) -> None:
    """Also where there is no row yet."""
    assert not table.count(COUNTER, limit, None)
    assert table.read([COUNTER], 5.0, latest=True) == {COUNTER: Absent.MISSING}


def test_concurrent_counts_never_exceed_the_limit(table: Table) -> None:
    """32 threads with 50 tries each want more than there is: exactly the limit is given."""
    limit = 500
    with ThreadPoolExecutor(32) as pool:
        given = pool.map(lambda _: sum(table.count(COUNTER, limit, 1_700_000_000) for _ in range(50)), range(32))
        assert sum(given) == limit
    assert table.read([COUNTER], 5.0, latest=True) == {COUNTER: {"used": limit, "ttl": 1_700_000_000}}


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_count_is_given_up_in_time(slow_server: Server, manner: str) -> None:
    """It is what a page waits for, like a read."""
    local = client_maker("dynamodb", ONE_ATTEMPT, local_stack(slow_server.address))
    counts = DynamoTable("t", make_reader=local, make_writer=local)
    assert counts.count(COUNTER, 1, None, 5.0)
    slow_server.manner, slow_server.answered = manner, 0
    with pytest.raises(DeadlineExceeded):
        counts.count(COUNTER, 1, None, 0.05)
    assert slow_server.answered == 0


def test_a_throttled_count_is_a_failure_and_not_a_spent_budget() -> None:
    """Only a failed condition answers False."""
    client = stubbed("dynamodb", "update_item", ["ConditionalCheckFailedException", "ThrottlingException"])
    counts = DynamoTable("t", make_reader=lambda: client, make_writer=lambda: client)
    assert not counts.count(COUNTER, 1, None)
    with pytest.raises(DependencyFailed, match="ThrottlingException"):
        counts.count(COUNTER, 1, None)


@pytest.mark.stack
def test_a_table_that_is_not_there_is_a_failed_dependency(stack: str) -> None:
    """Errors of the vendor's library do not pass the adapter."""
    from_nowhere = _absent_table(stack)
    with pytest.raises(DependencyFailed, match="ResourceNotFoundException"):
        from_nowhere.read([KEY], 5.0)
    with pytest.raises(DependencyFailed):
        from_nowhere.write([(KEY, {"n": 1})])
    with pytest.raises(DependencyFailed):
        from_nowhere.replace(KEY, {"rev": 1}, None)
    with pytest.raises(DependencyFailed):
        from_nowhere.count(COUNTER, 1, None)


def _absent_table(stack: str) -> Table:
    return DynamoTable("absent", make_reader=maker("dynamodb", stack), make_writer=maker("dynamodb", stack))
