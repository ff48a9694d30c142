"""What operators of outreach work with: the service as its function has it, the index of alarms, the dead letters."""

from collections.abc import Collection
from typing import Final

from vitrine.adapters.agenda_dynamodb import DynamoAgenda
from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.queue_sqs import SqsQueue
from vitrine.ports import Agenda, Clock, Queue, Table
from vitrine.service.outreach import OutreachService
from vitrine.settings import Settings
from vitrine.values import dataclass
from vitrine.wiring.outreach import build_outreach_service

NOBODY: Final = "v:nobody"
"""Somebody of whom nothing is known: they see the store's messages as everybody does."""


@dataclass(frozen=True, slots=True)
class OutreachDesk:
    """The service and what is around it."""

    service: OutreachService
    table: Table
    agenda: Agenda
    dead_letters: Queue
    clock: Clock

    @property
    def now_ms(self) -> int:
        """The present, ms."""
        return int(self.clock().timestamp() * 1000)

    def messages(self) -> Collection[str]:
        """Names of the store's messages as they are served.

        Raises:
            DependencyFailed: table or bucket do not answer.
        """
        return self.service.look(NOBODY).situation.outreach.messages


def build_outreach_desk(settings: Settings) -> OutreachDesk:
    """The desk of a stack. Nothing that is down keeps it from being built."""
    return OutreachDesk(
        service=build_outreach_service(settings),
        table=DynamoTable(settings.table),
        agenda=DynamoAgenda(settings.table),
        dead_letters=SqsQueue(settings.outreach_dead_letters),
        clock=utc_now,
    )
