"""`make bench ONLY=outreach`: how many due persons one core works off, and that a minute costs nothing for all others.

Worked off by the real service over a table in memory: person, state, profile, world, cards and conditions are read,
every message of the example store competes, the winner is worded as mail, claimed, handed over and closed. Beside it
persons who are looked at and get nothing, which is what most looks end with.

The minute's sweep is the real one over a stand-in for the index `due`: rows in order of time in each of its partitions,
as DynamoDB keeps them; it reads what lies within a query's key condition and counts it. A hundred persons are due,
the others are not: half of them have an alarm that is still to come, half have none and are in no index. The exponent
of cost ~ persons^e between the fewest and the most is 0 if they do not matter.
"""

import time
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from math import log10
from statistics import median
from typing import Any, Final

import orjson

from tests.bench.canned_data import VISITOR, Canned, Sizes, make_canned
from tests.bench.harness import ROOT, BenchFailed
from vitrine import keys
from vitrine.adapters.agenda_dynamodb import INDEX, DynamoAgenda
from vitrine.adapters.clock import new_id
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.memory_outreach import MemoryChannel, MemoryQueue
from vitrine.adapters.release_messages import ReleaseMessages
from vitrine.adapters.release_objects import ReleaseObjects, bundled_release
from vitrine.api.message_render import render
from vitrine.outreach.person import Person, row_of
from vitrine.outreach.state import State, StoredState
from vitrine.ports import Progress
from vitrine.service.outlook import StoreOutlook
from vitrine.service.outreach import OutreachService
from vitrine.service.releases import Releases
from vitrine.service.sweep import Limits, sweep
from vitrine.types import Row
from vitrine.visitors.profile import Consent
from vitrine.visitors.stored import parse_profile

PERSONS: Final = 300
"""In a round: fewer than the example store may send in a minute."""

ROUNDS: Final = 5
IDLE: Final = (1_000, 10_000, 100_000)
DUE: Final = 100
SWEEPS: Final = 15
LEFT: Final = timedelta(hours=2)
"""The cart was left so long ago."""


class PlainLinks:
    """outreach.wording.Links of no shop."""

    unsubscribe = "https://shop.example/leave"
    unsubscribe_mail = None

    def page(self, path: str) -> str:
        """See Links."""
        return f"https://shop.example{path}"

    def good(self, n: int) -> str:
        """See Links."""
        return f"https://shop.example/g/{n}"

    def picture(self, n: int) -> str:
        """See Links."""
        return f"https://shop.example/p/{n}.png"


class Letters:
    """outreach.needs.DeadLetters that must stay empty."""

    def put(self, record: bytes) -> None:
        """See DeadLetters."""
        raise BenchFailed(f"a dead letter: {record!r}")


class SparseIndex:
    """A client of DynamoDB that knows one request: what is due in a partition of the index. `reads` are rows read."""

    def __init__(self, rows: Sequence[tuple[str, Row]]) -> None:
        self.reads = self.queries = 0
        self._partitions: dict[object, list[tuple[int, str]]] = defaultdict(list)
        for person, row in rows:
            if "shard" in row:
                insort(self._partitions[row["shard"]], (int(row["due"]), person))

    def query(self, **request: Any) -> dict[str, Any]:
        """See botocore's; rows are read only within the key condition."""
        if (request["IndexName"], request["KeyConditionExpression"]) != (INDEX, "#shard = :shard AND due <= :now"):
            raise BenchFailed(f"another request than the index stands in for: {request}")
        values = request["ExpressionAttributeValues"]
        partition = self._partitions[values[":shard"]["S"]]
        found = partition[: min(request["Limit"], bisect_right(partition, (int(values[":now"]["N"]), "\U0010ffff")))]
        self.queries += 1
        self.reads += len(found)
        return {"Items": [_item(person, due) for due, person in found]}


def _item(person: str, due: int) -> dict[str, Any]:
    pk, sk = keys.outreach(person)
    return {"pk": {"S": pk}, "sk": {"S": sk}, "due": {"N": str(due)}}


def run(progress: Progress) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object.

    Raises:
        BenchFailed: not every due person got the mail, or one who is looked at did.
    """
    canned = make_canned(ROOT, Sizes())
    due_per_s = _rate(canned, "sent", LEFT, progress)
    looks_per_s = _rate(canned, "waits", timedelta(minutes=10), progress)
    swept = {n: _swept(n, progress) for n in IDLE}
    exponents = [_exponent([swept[n][at] for n in IDLE]) for at in range(3)]
    lines = [f"{'persons':>10}{'queries':>10}{'rows read':>10}{'ms':>8}"]
    lines += [f"{n:>10}{swept[n][0]:>10.0f}{swept[n][1]:>10.0f}{swept[n][2]:>8.2f}" for n in IDLE]
    lines += [
        f"{due_per_s:,.0f} due persons a second and core get their mail, {looks_per_s:,.0f} are looked at for nothing"
    ]
    result = {"bench": "outreach", "due_per_s": round(due_per_s), "exponent_idle": round(max(exponents, key=abs), 3)}
    return [*lines, orjson.dumps({**result, "looks_per_s": round(looks_per_s)}).decode()]


def _exponent(costs: Sequence[float]) -> float:
    return log10(costs[-1] / costs[0]) / log10(IDLE[-1] / IDLE[0])


def _rate(canned: Canned, outcome: str, later: timedelta, progress: Progress) -> float:
    """Persons worked off in a second of CPU, each so long after they left a cart; the median of the rounds."""
    rates = []
    for number in range(ROUNDS):
        now = datetime.now(UTC) + later
        service = _service(canned, now)
        service.work("p0")  # whose release is loaded
        started = time.process_time()
        outcomes = {service.work(f"p{n}").outcome for n in range(1, PERSONS)}
        rates.append((PERSONS - 1) / (time.process_time() - started))
        if outcomes != {outcome}:
            raise BenchFailed(f"persons were worked off as {outcomes}, not as {outcome}")
        progress(f"{outcome}", number + 1, ROUNDS)
    return median(rates)


def _service(canned: Canned, now: datetime) -> OutreachService:
    """The service over a table with persons who are due, at noon by their own clocks."""
    table, objects = MemoryTable(dict(canned.rows)), MemoryObjects(dict(canned.objects))
    profile = parse_profile(canned.rows[keys.profile(VISITOR)], now)
    agreed = Consent(profile.profile.consent.at_ms + 1, frozenset(("personalization", "messages")))
    row = profile.successor(profile.profile.with_consent(agreed), now)
    now_ms, zone = int(now.timestamp() * 1000), f"Etc/GMT{now.hour - 12:+}"
    for n in range(PERSONS):
        id_, visitor = f"p{n}", f"bench-{n}"
        person = Person(id_, (visitor,), {"mail": f"{id_}@shop.example"}, frozenset(("mail",)), zone=zone)
        state = StoredState().successor(State(due_ms=now_ms), id_, now_ms)
        table.write(
            [(keys.profile(visitor), row), (keys.person(id_), row_of(person, None)), (keys.outreach(id_), state)]
        )
    releases = Releases(table, ReleaseObjects(objects, ROOT).load, partial(bundled_release, ROOT))
    words = lambda occasion: render(occasion, PlainLinks())  # noqa: E731
    outlook = StoreOutlook(table, releases, ReleaseMessages(objects, ROOT), words, new_id)
    return OutreachService(table, outlook, {"mail": MemoryChannel()}, Letters(), lambda: now)


def _swept(n_idle: int, progress: Progress) -> tuple[float, float, float]:
    """Queries, rows read and ms of a minute's sweep, with so many persons who are not due."""
    now_ms = 1_800_000_000_000
    due = [(f"due-{n}", State(due_ms=now_ms - n)) for n in range(DUE)]
    idle = [(f"idle-{n}", State(due_ms=now_ms + 1 + n if n % 2 else None)) for n in range(n_idle)]
    index = SparseIndex([(id_, StoredState().successor(state, id_, now_ms)) for id_, state in (*due, *idle)])
    minute = _minute(index, now_ms)
    times = []
    for number in range(SWEEPS):
        index.reads = index.queries = 0
        started = time.process_time()
        minute()
        times.append((time.process_time() - started) * 1000)
        progress(f"sweep {n_idle:,}", number + 1, SWEEPS)
    return index.queries, index.reads, median(times)


def _minute(index: SparseIndex, now_ms: int) -> Callable[[], None]:
    agenda = DynamoAgenda("bench", lambda: index)

    def minute() -> None:
        swept = sweep(agenda, MemoryQueue(), now_ms, Limits(), time.monotonic)
        if swept.sent != DUE:
            raise BenchFailed(f"{swept.sent} of {DUE} due persons were found")

    return minute
