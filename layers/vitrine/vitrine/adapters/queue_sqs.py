"""A queue on Amazon SQS (standard)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from vitrine.adapters.aws import PATIENT, Client, MakeClient, client_maker, vendor_errors
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.errors import DependencyFailed
from vitrine.ports import Letter

DEPENDENCY: Final = "queue"
MAX_BATCH: Final = 10
MAX_BYTES: Final = 256 << 10  # of a message and of a batch (Amazon SQS quotas)
ATTEMPTS: Final = 2


class SqsQueue:
    """ports.Queue on one SQS queue."""

    def __init__(self, url: str, make_client: MakeClient | None = None) -> None:
        self._url = url
        self._caller = DeadlineCaller(DEPENDENCY, make_client or client_maker("sqs", PATIENT))

    def send(self, bodies: Sequence[bytes]) -> int:
        """See ports.Queue. What is refused is sent once more; raises when nothing at all was taken by an outage."""
        lost, failure = 0, None
        for batch in _batches(bodies):
            try:
                lost += self._twice(self._send, batch)
            except DependencyFailed as error:
                lost, failure = lost + len(batch), error
        if failure is not None and lost == len(bodies):
            raise failure
        return lost

    def depth(self) -> int:
        """See ports.Queue."""
        name = "ApproximateNumberOfMessages"
        with vendor_errors(DEPENDENCY):
            answer = self._caller.client().get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def receive(self, n: int) -> list[Letter]:
        """See ports.Queue. It waits up to a second, so that all of SQS's servers are asked."""
        found: list[Letter] = []
        while len(found) < n:
            batch = self._receive(min(n - len(found), MAX_BATCH))
            if not batch:
                break
            found += batch
        return found

    def delete(self, letters: Sequence[Letter]) -> int:
        """See ports.Queue."""
        receipts = [letter.receipt for letter in letters]
        batches = (receipts[at : at + MAX_BATCH] for at in range(0, len(receipts), MAX_BATCH))
        return sum(self._twice(self._delete, batch) for batch in batches)

    def _twice(self, work: Callable[[Client, dict[str, Any]], Any], batch: Sequence[Any]) -> int:
        """Do a batch's work, and again what was refused of it; the number refused to the end."""
        for _ in range(ATTEMPTS):
            if not batch:
                break
            with vendor_errors(DEPENDENCY):
                answer = work(self._caller.client(), {str(at): one for at, one in enumerate(batch)})
            batch = [batch[int(failed["Id"])] for failed in answer.get("Failed", ())]
        return len(batch)

    def _send(self, client: Client, batch: dict[str, bytes]) -> Any:  # noqa: ANN401 - botocore's answer
        entries = [{"Id": id_, "MessageBody": body.decode()} for id_, body in batch.items()]
        return client.send_message_batch(QueueUrl=self._url, Entries=entries)

    def _delete(self, client: Client, batch: dict[str, str]) -> Any:  # noqa: ANN401 - botocore's answer
        entries = [{"Id": id_, "ReceiptHandle": receipt} for id_, receipt in batch.items()]
        return client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _receive(self, n: int) -> list[Letter]:
        with vendor_errors(DEPENDENCY):
            answer = self._caller.client().receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=n,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        return [_letter(one) for one in answer.get("Messages", ())]


def _letter(told: dict[str, Any]) -> Letter:
    count = int(told.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Letter(told["Body"].encode(), told["ReceiptHandle"], count)


def _batches(bodies: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Bodies in batches that one call takes."""
    batch: list[bytes] = []
    size = 0
    for body in bodies:
        if batch and (len(batch) == MAX_BATCH or size + len(body) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body)
    if batch:
        yield batch
