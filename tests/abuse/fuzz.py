"""Feed a parser foreign bytes until something other than its declared errors comes out, or it takes for ever."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

FOR_EVER_S: Final = 10
"""CPU after which one input is given up as endless; what a page view may take is the corpus's business."""

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that meets foreign bytes. `refuses` are the errors that it declares; none: it never raises."""

    name: str
    feed: Callable[[Any], object]
    food: st.SearchStrategy[Any]
    refuses: tuple[type[Exception], ...] = ()


@dataclass(slots=True)
class Meal:
    """What became of a parser's inputs. `finding` is the first input that broke it, shrunk, with what came out."""

    parser: str
    n: int = 0
    taken: int = 0
    slowest_ms: float = 0.0
    slowest: str = ""
    finding: str = ""


class Endless(BaseException):
    """An input took longer than FOR_EVER_S. No Exception, so that no parser takes it for one of its own."""


def feed(parser: Parser, n_examples: int, start: int | None = None) -> Meal:
    """Feed so many inputs; stops at the first finding."""
    meal = Meal(parser.name)
    hold = holding(parser, meal)
    run = settings(
        max_examples=n_examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )(given(parser.food)(hold))
    with alarm():
        try:
            (run if start is None else seed(start)(run))()
        except (AssertionError, Endless) as error:
            meal.finding = str(error) or repr(error)
        except BaseExceptionGroup as errors:
            meal.finding = str(errors.exceptions[0])
    return meal


def feed_for(parser: Parser, seconds: float) -> Meal:
    """Feed batches of inputs for so long, each from a seed of its own."""
    ends, whole = time.monotonic() + seconds, Meal(parser.name)
    while time.monotonic() < ends and not whole.finding:
        meal = feed(parser, BATCH, random.randrange(1 << 62))
        whole.n, whole.taken, whole.finding = whole.n + meal.n, whole.taken + meal.taken, meal.finding
        if meal.slowest_ms > whole.slowest_ms:
            whole.slowest_ms, whole.slowest = meal.slowest_ms, meal.slowest
    return whole


def holding(parser: Parser, meal: Meal) -> Callable[[Any], None]:
    """A test of one input, which tells the meal; raises AssertionError with what should not have come out."""

    def hold(food: Any) -> None:
        meal.n += 1
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, FOR_EVER_S)
        try:
            parser.feed(food)
            meal.taken += 1
        except parser.refuses:
            pass
        except Exception as error:
            raise AssertionError(f"{parser.name}: {error!r} from {_shown(food)}") from error
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        spent_ms = (time.process_time() - began) * 1000
        if spent_ms > meal.slowest_ms:
            meal.slowest_ms, meal.slowest = spent_ms, _shown(food)

    return hold


@contextmanager
def alarm() -> Iterator[None]:
    """Raise Endless where the CPU is when the timer ends; code in C is only left when it comes back."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Endless(f"more than {FOR_EVER_S} s of CPU")

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


def _shown(food: object) -> str:
    text = repr(food)
    return text if len(text) <= 600 else f"{text[:600]}... ({len(text):,} letters)"
