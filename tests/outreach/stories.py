"""What a crowd of people does within a day, and when word of it comes in: in order and at once, or as it may happen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.outreach.rig import DAY_MS, HOUR_MS, MINUTE_MS, NOON_MS, event
from vitrine.outreach.channels import Channel
from vitrine.outreach.state import Note
from vitrine.types import Event

KINDS: Final = ("cart", "browse", "bought", "drop", "cart and drop", "glance")
WEIGHTS: Final = (35, 20, 20, 10, 5, 10)
MESSAGES: Final = {"cart": 2, "browse": 1, "bought": 0, "drop": 1, "cart and drop": 3, "glance": 0}
"""How many messages each gets in a week: a cart is asked about twice."""

ITEMS: Final = ("ice", "milk", "tea", "soap")
MAX_SKEW_MS: Final = 10 * MINUTE_MS
LATE: Final = 0.05
ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", None)


@dataclass(frozen=True, slots=True)
class Telling:
    """An event, the visitor that it is told of, and every instant at which it comes in."""

    visitor: str
    event: Event
    arrivals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What one person does. `n_messages` is how many they are to get for it: who bought gets none if that was told."""

    person: str
    kind: str
    channels: tuple[Channel, ...]
    zone: str | None
    visitors: tuple[str, ...]
    linked_ms: int
    told: Sequence[Telling]
    notes: Sequence[Note]
    n_messages: int


@dataclass
class _Told:
    """Events as they come to be told."""

    rng: Random
    is_calm: bool
    story: str
    skews: dict[str, int]
    events: list[Telling] = field(default_factory=list)
    late: set[tuple[str, str]] = field(default_factory=set)

    def add(self, kind: str, at_ms: int, item: str, is_prompt: bool = False) -> None:
        """One more event, on a device by chance, whose clock is off; a prompt one is never late."""
        visitor = self.rng.choice(list(self.skews))
        first_ms = at_ms + 1_000 if self.is_calm else at_ms + self.rng.randint(1_000, 5 * MINUTE_MS)
        may_be_late = not (self.is_calm or is_prompt or ("add_to_cart", item) in self.late)
        if may_be_late and self.rng.random() < LATE:
            first_ms = at_ms + self.rng.randint(30 * HOUR_MS if kind == "purchase" else MINUTE_MS, 48 * HOUR_MS)
            self.late.add((kind, item))
        again = 0 if self.is_calm else self.rng.randint(0, 4)
        later = [first_ms + self.rng.choice((0, 1_000, HOUR_MS, DAY_MS)) for _ in range(again)]
        stamped = event(f"{self.story}-{len(self.events)}", kind, at_ms + self.skews[visitor], item)  # type: ignore[arg-type]
        self.events.append(Telling(visitor, stamped, (first_ms, *later)))


def stories(n: int, seed: int, is_calm: bool) -> Iterator[Story]:
    """What n people do. Calm: told at once, once and by true clocks; else the same as the world tells it.

    People differ by seed alone, not by how they are told of.
    """
    for number in range(n):
        yield _story(number, Random(f"{seed} {number}"), Random(f"{seed} {number} told"), is_calm)


def _story(number: int, rng: Random, telling: Random, is_calm: bool) -> Story:
    person, kind = f"p{number}", rng.choices(KINDS, WEIGHTS)[0]
    visitors = (f"{person}web", f"{person}app")[: 2 if number % 3 == 0 else 1]
    start_ms = NOON_MS + rng.randrange(DAY_MS)
    channels: tuple[Channel, ...] = (
        ("webhook",) if number % 4 == 0 else ("mail", "push") if number % 4 < 3 else ("push",)
    )
    skews = {one: 0 if is_calm else telling.randint(-MAX_SKEW_MS, MAX_SKEW_MS) for one in visitors}
    told = _Told(telling, is_calm, person, skews)
    DEEDS[kind](told, rng, start_ms)
    logs_in_late = rng.random() < 0.2
    linked_ms = start_ms + rng.randint(HOUR_MS, 8 * HOUR_MS) if logs_in_late else start_ms - MINUTE_MS
    dropped = [Note("price_drop", "tea", start_ms + 9 * HOUR_MS, 699)] if "drop" in kind else []
    n_messages = MESSAGES[kind] or int(any(kind == "purchase" for kind, _ in told.late))
    return Story(person, kind, channels, rng.choice(ZONES), visitors, linked_ms, told.events, dropped, n_messages)


def _glance(told: _Told, rng: Random, start_ms: int) -> None:
    for n in range(rng.randint(1, 2)):
        told.add("view", start_ms + n * MINUTE_MS, "milk")


def _browse(told: _Told, rng: Random, start_ms: int) -> None:
    for n in range(rng.randint(4, 9)):
        told.add("view", start_ms + n * 3 * MINUTE_MS, ITEMS[n % 4])


def _cart(told: _Told, rng: Random, start_ms: int) -> None:
    """Views and a cart; its items are the first ones. That there is one is known before the browsing calls."""
    for n in range(rng.randint(3, 6)):
        told.add("view", start_ms + n * 2 * MINUTE_MS, ITEMS[n % 4])
        if n < 3:
            told.add("add_to_cart", start_ms + (2 * n + 1) * MINUTE_MS, ITEMS[n], is_prompt=n == 0)


def _bought(told: _Told, rng: Random, start_ms: int) -> None:
    """The same, and within three quarters of an hour all of it is bought."""
    _cart(told, rng, start_ms)
    bought_ms = start_ms + rng.randint(35 * MINUTE_MS, 45 * MINUTE_MS)
    for item in ITEMS[:3]:
        told.add("purchase", bought_ms, item)


def _drop(told: _Told, rng: Random, start_ms: int) -> None:
    told.add("view", start_ms, "tea")
    told.add("favourite", start_ms + MINUTE_MS, "tea")


def _cart_and_drop(told: _Told, rng: Random, start_ms: int) -> None:
    _cart(told, rng, start_ms)
    _drop(told, rng, start_ms)


DEEDS: Final[dict[str, Callable[[_Told, Random, int], None]]] = {
    "cart": _cart,
    "browse": _browse,
    "bought": _bought,
    "drop": _drop,
    "cart and drop": _cart_and_drop,
    "glance": _glance,
}
