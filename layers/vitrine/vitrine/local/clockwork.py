"""Schedules at work: each function's own events at their times, with the retries of an asynchronous invocation."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from vitrine.local.children import Log
from vitrine.local.declared import ACCOUNT, REGION, STACK_NAME, Function, Schedule
from vitrine.local.resources import client
from vitrine.local.sandbox import Invoke, Outcome
from vitrine.local.schedules import parse_schedule

RETRY_WAITS_S: Final = (60.0, 120.0)
"""Lambda's waits before the first and second retry of an asynchronous invocation."""


@dataclass(frozen=True)
class Clockwork:
    """Fires all schedules of a template. `retry_waits_s` is shorter in tests."""

    functions: Sequence[Function]
    invoke: Invoke
    endpoint: str
    log: Log
    retry_waits_s: Sequence[float] = RETRY_WAITS_S

    async def run(self, function: Function, schedule: Schedule) -> None:
        """Fire one schedule for ever."""
        next_after = parse_schedule(schedule.expression, schedule.timezone)
        while True:
            now = datetime.now(UTC)
            due = next_after(now)
            await asyncio.sleep((due - now).total_seconds())
            await self.fire(function, schedule_event(schedule, due))

    async def fire(self, function: Function, event: bytes) -> Outcome:
        """Invoke as EventBridge does: retried as the template says, then told to its queue of failures."""
        attempts = function.max_retries + 1
        outcome = await self.invoke(function.id, event)
        for wait_s in self.retry_waits_s[: attempts - 1]:
            if not outcome.failed:
                return outcome
            await asyncio.sleep(wait_s)
            outcome = await self.invoke(function.id, event)
        if outcome.failed:
            self.log(function.id, f"given up after {attempts} attempts: {outcome.payload.decode(errors='replace')}")
            if function.failures:
                record = failure_record(function, event, outcome, attempts, datetime.now(UTC))
                await asyncio.to_thread(send, self.endpoint, function.failures, json.dumps(record))
        return outcome


def schedule_event(schedule: Schedule, due: datetime) -> bytes:
    """The event of a firing: the template's own input, or what the sender makes of the time.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html; the Scheduler's
    differs in its source, its resource and in `detail`, which is a string there.
    """
    if schedule.input is not None:
        return schedule.input.encode()
    name = f"{STACK_NAME}-{schedule.function}{schedule.name}"
    is_rule = schedule.sender == "aws.events"
    resource = (
        f"events:{REGION}:{ACCOUNT}:rule/{name}" if is_rule else f"scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"
    )
    event: dict[str, Any] = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": schedule.sender,
        "account": ACCOUNT,
        "time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:{resource}"],
        "detail": {} if is_rule else "{}",
    }
    return json.dumps(event).encode()


def failure_record(function: Function, event: bytes, outcome: Outcome, attempts: int, now: datetime) -> dict[str, Any]:
    """What Lambda sends to an OnFailure destination.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
    """
    return {
        "version": "1.0",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(event),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(outcome.payload),
    }


def send(endpoint: str, queue_arn: str, body: str) -> None:
    """Put a message into a queue."""
    sqs = client("sqs", endpoint)
    address = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=address, MessageBody=body)
