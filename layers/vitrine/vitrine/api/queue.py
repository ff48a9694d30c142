"""Batches of SQS: what they hold, read strictly, and which of it has to come again.

A bad message fails alone: it is named in the answer, comes again as often as the queue's redrive says and ends in the
dead letter queue, while the others of its batch are done with.
"""

import logging
from collections.abc import Callable
from typing import Any, Final, Protocol

from vitrine.api.errors import where
from vitrine.api.http import Event
from vitrine.api.strict_json import parse_object
from vitrine.errors import DamagedRow, DependencyFailed, InvalidRequest, ProfileConflict, VitrineError
from vitrine.outreach.person import PERSON_ID, PersonId
from vitrine.values import dataclass

MAX_RECEIVES: Final = 5
"""As often as template.yaml's queues give a message out before it goes to the dead letters."""

MIN_LEFT_MS: Final = 20_000
"""With less time than this nobody is begun: one handover may take half of it."""

LEFT: Final = "left"
PARKED: Final = "parked"
"""Outcomes beside those of the worker: left for the next minute, and set aside."""

log = logging.getLogger(__name__)


class InvalidMessage(VitrineError):
    """A message of a queue is none of ours. It is not repeated, for it may name people."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of a batch. `receives` is how often it was given out, this time included."""

    id: str
    body: str
    receives: int


Take = Callable[[Delivery], None]
"""Deals with one message; raises what makes it come again."""


class Report(Protocol):
    """As service.outreach.Report."""

    @property
    def outcome(self) -> str:
        """What was done for the person."""
        ...


class Worker(Protocol):
    """As service.outreach.OutreachService."""

    def work(self, person: PersonId) -> Report:
        """Do for a person what is to be done now."""
        ...

    def park(self, person: PersonId, reason: str) -> None:
        """Set a person aside, with a dead letter."""
        ...


def answer_batch(event: Event, take: Take) -> dict[str, Any]:
    """The answer to a batch: which messages have to come again, because `take` raised.

    An event that is no batch of SQS raises, so that all of it comes again.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    failed = [one.id for one in deliveries(event) if not _is_done(one, take)]
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}


def deliveries(event: Event) -> list[Delivery]:
    """The messages of a batch.

    Raises:
        InvalidMessage: the event is no batch of SQS.
    """
    match event:
        case {"Records": [*records]}:
            return [_delivery(record) for record in records]
    raise InvalidMessage("the event is no batch of a queue")


def person_in(body: str) -> PersonId:
    """The person in `{"person": id}`.

    Raises:
        InvalidMessage: the body is anything else.
    """
    try:
        plain = parse_object(body.encode())
    except (InvalidRequest, UnicodeEncodeError) as error:
        raise InvalidMessage(f"the message is no JSON object ({type(error).__name__})") from error
    match plain:
        case {"person": str(person), **rest} if not rest and PERSON_ID.fullmatch(person):
            return person
    raise InvalidMessage("the message is not {person: id} and nothing else")


def work_person(worker: Worker, delivery: Delivery, left_ms: int) -> str:
    """Work the person off whom a message names, and tell the outcome; raises what makes the message come again.

    Without the time for it nothing is done and the message is done with: the person is still due, and the next minute
    sends another. Who cannot be worked off, because their rows cannot be read or the code fails on them each time, is
    parked.
    """
    person = person_in(delivery.body)
    if left_ms < MIN_LEFT_MS:
        return LEFT
    try:
        return worker.work(person).outcome
    except DamagedRow as error:
        worker.park(person, str(error))
    except (DependencyFailed, ProfileConflict):
        raise
    except Exception as error:  # the handler's boundary: one person on whom the code fails must not be tried for ever
        if delivery.receives < MAX_RECEIVES:
            raise
        worker.park(person, f"unexpected {type(error).__name__} at {where(error)}")
    return PARKED


def _delivery(record: object) -> Delivery:
    match record:
        case {"messageId": str(id_), "body": str(body), "attributes": {"ApproximateReceiveCount": str(n)}}:
            return Delivery(id_, body, int(n) if n.isdecimal() else 1)
        case {"messageId": str(id_), "body": str(body)}:
            return Delivery(id_, body, 1)
    raise InvalidMessage("a record of the batch is no message of a queue")


def _is_done(delivery: Delivery, take: Take) -> bool:
    try:
        take(delivery)
    except VitrineError as error:
        log.warning("message %s comes again: %s", delivery.id, error)
        return False
    except Exception as error:  # noqa: BLE001 - the handler's boundary: one message must not take its batch with it
        _tell(delivery, error)
        return False
    return True


def _tell(delivery: Delivery, error: Exception) -> None:
    """Without the error's own words, which may repeat what a person said."""
    log.error("message %s comes again: unexpected %s at %s", delivery.id, type(error).__name__, where(error))
