"""Where one request's inputs come from: memory first, then the table while there is time. Nothing here raises.

A row or card that could not be had is NOT_READ, and what that costs the page is for the decision to say.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from vitrine import keys
from vitrine.catalog.card_stamp import split
from vitrine.catalog.items import Card, card_in
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.ladder import WEATHER
from vitrine.errors import DeadlineExceeded, DependencyFailed, LeftAlone
from vitrine.ports import Clock, PageTable
from vitrine.service.card_cache import CardCache, Word
from vitrine.service.claims import TABLE, Counter
from vitrine.service.countdown import CARDS_UNTIL, CLAIMS_UNTIL, MIN_READ_S, ROWS_UNTIL, WEATHER_UNTIL, Countdown
from vitrine.service.release_rows import ReleaseRows
from vitrine.service.releases import Releases
from vitrine.service.weather_rows import WeatherRows
from vitrine.types import Absent, ItemId, Key, ReleaseId, Row, Rows
from vitrine.values import dataclass

LATE: Final = "late"
FAILED: Final = "failed"
LEFT_ALONE: Final = "left_alone"
UNCOUNTED: Final = "uncounted"

ROOM: Final = 60
"""Keys of one request at most when cards ride along; BatchGetItem takes 100."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where inputs come from, and what one execution environment holds of them."""

    table: PageTable
    releases: Releases
    clock: Clock
    counter: Counter
    cards: CardCache
    rows: ReleaseRows
    weather: WeatherRows


class Sources(Protocol):
    """What `pipeline.decide` reads and counts through. `weather_cell` is the cell whose weather was asked for last.

    `faults` are (dependency, how) of every call that failed: late, failed, left_alone by its breaker, uncounted.
    """

    weather_cell: str | None
    faults: list[tuple[str, str]]

    def read(self, wanted: Sequence[Key]) -> Rows:
        """Rows of the keys, NOT_READ where they could not be had."""
        ...

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """Live cards of the items, NOT_READ where they could not be had."""
        ...

    def claim(self, claims: Claims) -> ClaimOutcome:
        """What became of the claims."""
        ...


class LiveSources:
    """Sources of a page view."""

    __slots__ = (
        "_countdown",
        "_environment",
        "_has_read",
        "_is_hung",
        "_lists",
        "_request",
        "_word",
        "faults",
        "weather_cell",
    )

    def __init__(
        self, environment: Environment, request: DecisionRequest, lists: ReleaseId, countdown: Countdown
    ) -> None:
        self._environment = environment
        self._request = request
        self._lists = lists
        self._countdown = countdown
        self._has_read = False
        self._word: Word | None = None  # what the stamp in the first read vouches for
        self._is_hung = False  # what came late once is not waited for again by this page view
        self.weather_cell: str | None = None
        self.faults: list[tuple[str, str]] = []

    def read(self, wanted: Sequence[Key]) -> Rows:
        """Rows of the keys: those of the release and of the weather that are held from memory, the rest in one read."""
        environment, now = self._environment, self._environment.clock()
        rows = environment.rows.find(wanted)
        rows.update(environment.weather.find(self._cells(wanted), now))
        missing = [key for key in wanted if key not in rows]
        if not missing:
            return rows
        asked = self._worth_it(missing)
        fresh = self._read_along(asked)
        environment.rows.keep(fresh, self._lists)
        environment.weather.keep(fresh, now)
        rows.update(fresh)
        if len(asked) < len(missing):
            rows.update(dict.fromkeys(set(missing).difference(asked), Absent.NOT_READ))
        return rows

    def _read_along(self, asked: list[Key]) -> Rows:
        """Rows of the keys, in a request that also brings the cards which are due, as far as it has room for them."""
        cache = self._environment.cards
        due = {keys.card(item): item for item in cache.take_due(ROOM - len(asked))} if len(asked) < ROOM else {}
        fresh = dict(self._read([*asked, *due], ROWS_UNTIL))
        self._look_at_pointer(fresh)
        if due:
            cards = {item: card_in(fresh.pop(key)) for key, item in due.items()}
            cache.keep(cards, self._environment.clock(), self._word)
        return fresh

    def _look_at_pointer(self, fresh: dict[Key, Row | Absent]) -> None:
        """Hear what the pointer among these rows tells of releases and cards. What it tells of cards is taken out."""
        read = fresh.get(keys.RELEASE_POINTER, Absent.NOT_READ)
        if read is not Absent.NOT_READ:
            fresh[keys.RELEASE_POINTER], told = split(read)
            rev = 0 if isinstance(read, Absent) else read.get("rev")
            self._word = self._environment.cards.hear(
                told, rev if isinstance(rev, int) else 0, self._environment.clock()
            )
            self._environment.releases.notice(fresh[keys.RELEASE_POINTER])

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """Live cards of the items: from memory, the rest in one read."""
        now, cache = self._environment.clock(), self._environment.cards
        cards = cache.find(items, now, self._word)
        if len(cards) == len(items):
            return cards
        wanted = {keys.card(item): item for item in items if item not in cards}
        if wanted:
            fresh = {wanted[key]: card_in(row) for key, row in self._read(list(wanted), CARDS_UNTIL).items()}
            cache.keep(fresh, now, self._word)
            cards.update(fresh)
        return cards

    def claim(self, claims: Claims) -> ClaimOutcome:
        """Count what is about to be shown; a dry run counts nothing and is granted all."""
        request = self._request
        if request.options.dry_run or request.visitor is None:
            return ClaimOutcome()
        if self._is_hung:
            return uncounted(claims)
        outcome = self._environment.counter.claim(request.visitor, claims, self._countdown.left_s(CLAIMS_UNTIL))
        if outcome.uncounted:
            self.faults.append((TABLE, UNCOUNTED))
        return outcome

    def _cells(self, wanted: Sequence[Key]) -> list[Key]:
        """Those of the keys that are of the weather."""
        cells = [key for key in wanted if key.pk.startswith(WEATHER)]
        if cells:
            self.weather_cell = cells[-1].pk[len(WEATHER) :]
        return cells

    def _worth_it(self, wanted: list[Key]) -> list[Key]:
        """The keys less the weather where only a second read, begun late, would tell it."""
        if not self._has_read or self._countdown.left_s(WEATHER_UNTIL) > 0:
            return wanted
        return [key for key in wanted if not key.pk.startswith(WEATHER)]

    def _read(self, wanted: list[Key], until: float) -> Rows:
        self._has_read = True
        timeout_s = self._countdown.left_s(until)
        if wanted and timeout_s >= MIN_READ_S and not self._is_hung:
            try:
                return self._environment.table.read(wanted, timeout_s)
            except DependencyFailed as error:
                self._is_hung = isinstance(error, DeadlineExceeded)
                self.faults.append((error.dependency, how_it_failed(error)))
        return dict.fromkeys(wanted, Absent.NOT_READ)


class NoSources:
    """Sources of an exercise: nothing is read and nothing can be counted, as when the table is down."""

    __slots__ = ("faults", "weather_cell")

    def __init__(self) -> None:
        self.weather_cell: str | None = None
        self.faults: list[tuple[str, str]] = []

    def read(self, wanted: Sequence[Key]) -> Rows:
        """No row."""
        return dict.fromkeys(wanted, Absent.NOT_READ)

    def read_cards(self, items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
        """No card."""
        return dict.fromkeys(items, Absent.NOT_READ)

    def claim(self, claims: Claims) -> ClaimOutcome:
        """Nothing counted."""
        return uncounted(claims)


def uncounted(claims: Claims) -> ClaimOutcome:
    """Nothing could be counted, so nothing that needs it may be shown."""
    return ClaimOutcome(dict.fromkeys(claims.campaigns, "not_counted"), uncounted=True)


def how_it_failed(error: DependencyFailed) -> str:
    """A word for operators: whether a call was late, was not even tried, or failed."""
    if isinstance(error, DeadlineExceeded):
        return LATE
    return LEFT_ALONE if isinstance(error, LeftAlone) else FAILED
