"""A small SQS in memory: visibility, receive counts, redrive. Time is an argument."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Handler = Callable[[dict[str, Any]], Mapping[str, Any]]


@dataclass
class Message:
    """One message: when it can be seen again, and how often it was received."""

    id: str
    body: str
    visible_s: float = 0.0
    receives: int = 0


@dataclass
class StandIn:
    """One queue that feeds one function in batches, as Lambda's pollers do, and its dead letters."""

    handler: Handler
    batch: int = 10
    visibility_s: float = 360.0
    max_receives: int = 5
    messages: dict[str, Message] = field(default_factory=dict)
    dead: list[Message] = field(default_factory=list)
    batches: list[tuple[str, ...]] = field(default_factory=list)

    def send(self, bodies: Sequence[str]) -> None:
        """Put messages."""
        for body in bodies:
            id_ = f"m-{len(self.messages) + len(self.dead)}-{len(self.batches)}"
            self.messages[id_] = Message(id_, body)

    def receive(self, now_s: float) -> list[Message]:
        """A batch of what can be seen; what was received too often goes to the dead letters instead."""
        found: list[Message] = []
        for one in list(self.messages.values()):
            if one.visible_s > now_s or len(found) == self.batch:
                continue
            if one.receives == self.max_receives:
                self.dead.append(self.messages.pop(one.id))
                continue
            one.receives += 1
            one.visible_s = now_s + self.visibility_s
            found.append(one)
        return found

    def poll(self, now_s: float) -> bool:
        """One batch through the function; False when there is nothing to see."""
        found = self.receive(now_s)
        if not found:
            return False
        self.batches.append(tuple(one.id for one in found))
        try:
            answer = self.handler({"Records": [_record(one) for one in found]})
        except Exception:  # noqa: BLE001 - whatever a function raises, its batch comes again
            return True
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        assert failed <= set(self.batches[-1])
        for one in found:
            if one.id not in failed:
                del self.messages[one.id]
        return True

    def drain(self) -> None:
        """Until nothing is left; each round is a visibility timeout later."""
        now_s = 0.0
        while self.messages:
            while self.poll(now_s):
                pass
            now_s += self.visibility_s


def _record(one: Message) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(one.receives), "SentTimestamp": "1795348800000"}
    return {"messageId": one.id, "receiptHandle": one.id, "body": one.body, "attributes": attributes,
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1"}  # fmt: skip
