"""Queues and table streams at work: polled, handed to their functions in batches, acknowledged as AWS does."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vitrine.local.batches import failed_ids, queue_event, stream_event
from vitrine.local.children import Log
from vitrine.local.declared import Source
from vitrine.local.resources import Boto, at_endpoint, client
from vitrine.local.sandbox import Invoke

IDLE_S: Final = 0.5
LARGEST_RECEIVE: Final = 10  # SQS gives no more at once


@dataclass(frozen=True)
class QueueConsumer:
    """Feeds a function from a queue; what fails comes again and ends where the queue's redrive policy says."""

    source: Source
    invoke: Invoke
    endpoint: str
    log: Log

    async def run(self) -> None:
        """Consume for ever."""
        sqs = client("sqs", self.endpoint)
        name = self.source.arn.rpartition(":")[2]
        queue = at_endpoint((await asyncio.to_thread(sqs.get_queue_url, QueueName=name))["QueueUrl"], self.endpoint)
        while True:
            messages = await asyncio.to_thread(receive, sqs, queue, self.source.batch_size)
            if messages:
                await self.consume(sqs, queue, messages)
            else:
                await asyncio.sleep(IDLE_S)

    async def consume(self, sqs: Boto, queue: str, messages: Sequence[Mapping[str, Any]]) -> None:
        """Run one batch and delete what was dealt with."""
        outcome = await self.invoke(self.source.function, queue_event(messages, self.source.arn))
        failed = failed_ids([one["MessageId"] for one in messages], outcome, partial=self.source.partial)
        if failed:
            self.log(self.source.function, f"{len(failed)} of {len(messages)} messages of {queue} failed")
        entries = [
            {"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]}
            for n, one in enumerate(messages)
            if one["MessageId"] not in failed
        ]
        if entries:
            await asyncio.to_thread(sqs.delete_message_batch, QueueUrl=queue, Entries=entries)


def receive(sqs: Boto, queue: str, batch_size: int) -> list[dict[str, Any]]:
    """The messages that are there now, at most ten."""
    answer = sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=min(batch_size, LARGEST_RECEIVE),
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


@dataclass(frozen=True)
class StreamConsumer:
    """Feeds a function from a table's stream, in order; a batch that keeps failing is dropped after its retries."""

    source: Source
    invoke: Invoke
    endpoint: str
    log: Log

    async def run(self) -> None:
        """Consume for ever."""
        streams = client("dynamodbstreams", self.endpoint)
        iterators: dict[str, str] = {}
        while True:
            await asyncio.to_thread(self.find_shards, streams, iterators)
            n_records = 0
            for shard, iterator in list(iterators.items()):
                request = {"ShardIterator": iterator, "Limit": self.source.batch_size}
                answer = await asyncio.to_thread(streams.get_records, **request)
                iterators[shard] = answer.get("NextShardIterator", "")
                n_records += len(answer["Records"])
                await self.deliver(answer["Records"])
            if not n_records:
                await asyncio.sleep(IDLE_S)

    def find_shards(self, streams: Boto, iterators: dict[str, str]) -> None:
        """Open shards that are new and drop those that are read to their end."""
        for shard in [shard for shard, iterator in iterators.items() if not iterator]:
            del iterators[shard]
        kind = "TRIM_HORIZON" if self.source.from_start or iterators else "LATEST"
        for shard in streams.describe_stream(StreamArn=self.source.arn)["StreamDescription"]["Shards"]:
            if shard["ShardId"] not in iterators:
                request = {"StreamArn": self.source.arn, "ShardId": shard["ShardId"], "ShardIteratorType": kind}
                iterators[shard["ShardId"]] = streams.get_shard_iterator(**request)["ShardIterator"]

    async def deliver(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Run a batch until nothing of it is left: from its first failed record on, again and again."""
        attempts = 0
        while records and attempts <= self.source.max_retries:
            outcome = await self.invoke(self.source.function, stream_event(records, self.source.arn))
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            failed = failed_ids(numbers, outcome, partial=self.source.partial)
            first = min((numbers.index(number) for number in failed), default=len(records))
            attempts = attempts + 1 if first == 0 else 1
            records = records[first:]
        if records:
            self.log(self.source.function, f"{len(records)} stream records given up after {attempts} attempts")
