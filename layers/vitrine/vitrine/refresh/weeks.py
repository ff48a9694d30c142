"""Which weeks of the past train, choose and test. They are counted back from the end, so that every run learns anew."""

from typing import Final, NamedTuple

from vitrine.errors import TooLittleData
from vitrine.values import dataclass

WINDOW_WEEKS: Final = 2
TRAIN_SNAPSHOTS: Final = 3
TRAIN_EVERY_WEEKS: Final = 3
LEAST_TRAIN_WEEKS: Final = WINDOW_WEEKS + 1  # one week of past, and a window that answers it


class Span(NamedTuple):
    """A snapshot at the end of one week, and baskets from there to the end of another."""

    snapshot: int
    until: int


@dataclass(frozen=True, slots=True)
class Weeks:
    """The last week of training, of choosing and of testing, counted from 1."""

    train_to: int
    choose_to: int
    test_to: int

    def train(self) -> list[Span]:
        """Snapshots to learn from and the weeks that answer them, oldest first."""
        last = self.train_to - WINDOW_WEEKS
        starts = range(last, 0, -TRAIN_EVERY_WEEKS)[:TRAIN_SNAPSHOTS]
        return [Span(week, week + WINDOW_WEEKS) for week in reversed(starts)]

    def choose(self) -> list[Span]:
        """The one snapshot to choose on: a second one would cost more than it tells."""
        return [Span(self.train_to, self.choose_to)]

    def test(self) -> list[Span]:
        """Snapshots to test on; an incomplete last window is left out."""
        starts = range(self.choose_to, self.test_to - WINDOW_WEEKS + 1, WINDOW_WEEKS)
        return [Span(week, week + WINDOW_WEEKS) for week in starts]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many weeks choose and how many test, at the end of the past; `test_to` names the last one, if it is fixed."""

    choose_weeks: int = 4
    test_weeks: int = 4
    test_to: int | None = None

    def weeks(self, last_week: int) -> Weeks:
        """The weeks when `last_week` is the last whole week of the data.

        Raises:
            TooLittleData: too few weeks are left to train on.
        """
        test_to = last_week if self.test_to is None else self.test_to
        choose_to = test_to - self.test_weeks
        weeks = Weeks(choose_to - self.choose_weeks, choose_to, test_to)
        if weeks.train_to < LEAST_TRAIN_WEEKS:
            needed = LEAST_TRAIN_WEEKS + self.choose_weeks + self.test_weeks
            raise TooLittleData(f"not enough data yet: {max(test_to, 0)} whole weeks, {needed} are needed")
        return weeks
