"""Finding a decision's record among the objects that Firehose leaves in the lake."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.adapters.clock import ALPHABET, ID_LENGTH, instant_of, new_id
from vitrine.adapters.decision_log import LakeDecisionLog
from vitrine.adapters.memory import MemoryObjects
from vitrine.errors import DependencyFailed, InvalidField, InvalidRecord

NOW = datetime(2026, 11, 22, 23, 58, 30, tzinfo=UTC)


def put(lake: MemoryObjects, at: datetime, ids: list[str], *, zipped: bool = True) -> str:
    """An object as Firehose writes it, named by the arrival of its oldest record."""
    name = f"decisions/{at:%Y/%m/%d}/decisions-1-{at:%Y-%m-%d-%H-%M-%S}-{len(lake.objects):08x}.jsonl"
    data = b"".join(orjson.dumps({"format": 2, "decision": one}) + b"\n" for one in ids)
    lake.put(f"{name}.gz" if zipped else name, gzip.compress(data) if zipped else data)
    return f"{name}.gz" if zipped else name


def log(lake: MemoryObjects, now: datetime = NOW) -> LakeDecisionLog:
    """The log over a lake."""
    return LakeDecisionLog(lake, lambda: now)


def ids(lines) -> list[str]:
    """Decisions of records."""
    return [orjson.loads(line)["decision"] for line in lines]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("waited", [timedelta(0), timedelta(minutes=4), timedelta(seconds=-20)])
def test_a_record_is_found_wherever_firehose_put_it(zipped: bool, waited: timedelta) -> None:
    """In the object that was begun before it, by whichever clock; compressed on AWS, plain on a laptop."""
    lake, decision = MemoryObjects(), new_id(NOW)
    put(lake, NOW - timedelta(minutes=9), [new_id(NOW - timedelta(minutes=9))], zipped=zipped)
    put(lake, NOW - waited, [new_id(NOW - waited), decision, new_id(NOW)], zipped=zipped)
    found = log(lake).find(decision)
    assert found is not None
    assert orjson.loads(found)["decision"] == decision


def test_midnight_lies_between() -> None:
    """Decided before it, arrived after it, and the other way round."""
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    lake = MemoryObjects()
    before, after = new_id(midnight - timedelta(seconds=1)), new_id(midnight + timedelta(minutes=3))
    put(lake, midnight + timedelta(seconds=1), [before])
    put(lake, midnight - timedelta(minutes=1), [after])
    assert log(lake).find(before) is not None
    assert log(lake).find(after) is not None


def test_only_objects_of_its_time_are_looked_into() -> None:
    """The nearest first: a damaged one of another hour does no harm, and a day is not read whole."""
    lake, decision = MemoryObjects(), new_id(NOW)
    far = put(lake, NOW - timedelta(hours=2), [])
    near = put(lake, NOW - timedelta(minutes=6), [])
    put(lake, NOW, [decision])
    lake.objects[far] = lake.objects[near] = b"\x1f\x8bdamaged"
    assert log(lake).find(decision) is not None


def test_an_unknown_decision_is_none() -> None:
    """Not written, or not yet; nor is what only names it."""
    lake, decision = MemoryObjects(), new_id(NOW)
    put(lake, NOW, [new_id(NOW)])
    lake.put(f"decisions/{NOW:%Y/%m/%d}/", b"")
    lake.put(f"decisions/{NOW:%Y/%m/%d}/notes.txt", b'{"decision":"' + decision.encode() + b'"}')
    assert log(lake).find(decision) is None
    assert log(MemoryObjects()).find(decision) is None


@pytest.mark.parametrize("decision", ["", "d-1", "0" * 25, "0" * 27, "O" * 26, "../" + "0" * 23, "z" * 26])
def test_a_malformed_id_is_refused(decision: str) -> None:
    """Nothing is looked up that cannot be an id."""
    with pytest.raises(InvalidField) as caught:
        log(MemoryObjects()).find(decision)
    assert caught.value.field == "decision"


def test_a_damaged_object_is_no_empty_one() -> None:
    """The record may be in it: nobody says that there is none."""
    lake, decision = MemoryObjects(), new_id(NOW)
    lake.objects[put(lake, NOW, [decision])] = gzip.compress(b"x" * 100)[:-9]
    with pytest.raises(InvalidRecord, match="damaged"):
        log(lake).find(decision)


def test_a_dead_lake_is_said_to_be_dead() -> None:
    """It is not the decision that is unknown."""
    with pytest.raises(DependencyFailed):
        log(MemoryObjects(outage=DependencyFailed("bucket", "down"))).find(new_id(NOW))


def test_recent_records_come_newest_first() -> None:
    """Over objects and days, no more than asked for, and no day before the one asked for."""
    lake = MemoryObjects()
    times = [NOW - timedelta(hours=hours) for hours in (50, 26, 3, 2, 0)]
    written = [[f"{n}a", f"{n}b"] for n in range(len(times))]
    for at, these in zip(times, written, strict=True):
        put(lake, at, these)
    newest_first = ["4b", "4a", "3b", "3a", "2b", "2a", "1b", "1a", "0b", "0a"]
    assert ids(log(lake).recent(100)) == newest_first
    assert ids(log(lake).recent(5)) == newest_first[:5]
    assert ids(log(lake).recent(0)) == []
    assert ids(log(lake).recent(100, since=NOW - timedelta(hours=24))) == newest_first[:8]


@given(st.timedeltas(timedelta(0), timedelta(days=365 * 8000)))
def test_an_id_tells_its_instant(since: timedelta) -> None:
    """To the millisecond."""
    now = datetime(1970, 1, 1, tzinfo=UTC) + since
    assert timedelta(0) <= now - instant_of(new_id(now)) < timedelta(milliseconds=1)


@given(st.text(ALPHABET, min_size=ID_LENGTH, max_size=ID_LENGTH) | st.text(max_size=30))
def test_any_text_is_an_id_or_is_not(text: str) -> None:
    """Nothing else is raised."""
    with suppress(ValueError):
        assert instant_of(text).tzinfo is UTC
