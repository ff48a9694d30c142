"""What sends those who are due into the queue."""

from collections.abc import Callable

from vitrine.adapters.agenda_dynamodb import DynamoAgenda
from vitrine.adapters.clock import utc_now
from vitrine.adapters.queue_sqs import SqsQueue
from vitrine.ports import Agenda, Clock, Queue
from vitrine.service.sweep import Limits, Swept, sweep
from vitrine.settings import Settings
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Sweeper:
    """The index of who is due, and the queue of those who are worked on."""

    agenda: Agenda
    queue: Queue
    clock: Clock
    limits: Limits = Limits()

    def run(self, seconds: Callable[[], float]) -> Swept:
        """A minute's work; see service.sweep.sweep."""
        return sweep(self.agenda, self.queue, int(self.clock().timestamp() * 1000), self.limits, seconds)


def build_sweeper(settings: Settings) -> Sweeper:
    """The index of the table and the queue of the settings. Nothing that is down keeps it from being built."""
    return Sweeper(DynamoAgenda(settings.table), SqsQueue(settings.outreach_queue), utc_now)
