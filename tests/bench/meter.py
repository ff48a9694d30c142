"""A meter between functions and the emulated AWS: forwards every call and notes what AWS would charge for it.

Read and write units follow DynamoDB's developer guide: an item's size is that of its attribute names and values, a read
takes half a unit per 4 KB begun of each item (a missing one counts as one of 4 KB) and a whole one if it is consistent,
a write one unit per 1 KB begun. A write whose condition fails costs the same.
"""

import gzip
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final, Self

import aiohttp
import orjson
from aiohttp import web

from vitrine.local.loop_thread import LoopThread
from vitrine.local.prices import KB

READ_STEP: Final = 4 * KB
WRITE_STEP: Final = KB
RECORD_STEP: Final = 5 * KB
MAX_BODY: Final = 64 << 20
HOP_HEADERS: Final = frozenset(("transfer-encoding", "content-encoding", "content-length", "connection"))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of AWS. Of Firehose's records: `kept_bytes` as gzip, `billed_bytes` with each rounded up to 5 KB.

    `units_of` are the read units by kind of row, see `kind_of`.
    """

    operation: str
    read_units: float = 0.0
    write_units: float = 0.0
    kept_bytes: int = 0
    billed_bytes: int = 0
    units_of: Mapping[str, float] = field(default_factory=dict)


class Meter:
    """The proxy, on a free loopback port for as long as a `with` block lasts. `calls` is what was noted so far."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.url = ""
        self.upstream = ""
        self._loop: LoopThread | None = None

    def __enter__(self) -> Self:
        self._loop = LoopThread()
        self._loop.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None:
            self._loop.run(self._stop())
            self._loop.stop()

    def take(self) -> list[Call]:
        """What was noted since the last time."""
        calls, self.calls = self.calls, []
        return calls

    async def _start(self) -> None:
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._client = aiohttp.ClientSession(auto_decompress=False)

    async def _stop(self) -> None:
        await self._client.close()
        await self._runner.cleanup()

    async def _forward(self, request: web.Request) -> web.Response:
        body = await request.read()
        async with self._client.request(
            request.method, self.upstream + request.raw_path, headers=request.headers, data=body
        ) as response:
            answer = await response.read()
            headers = {name: value for name, value in response.headers.items() if name.lower() not in HOP_HEADERS}
            self.calls.append(noted(request, body, answer))
            return web.Response(status=response.status, body=answer, headers=headers)


def noted(request: web.Request, body: bytes, answer: bytes) -> Call:
    """What a call costs, from what was asked and answered."""
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation:
        return Call(f"{request.method} object")
    return charged(operation, orjson.loads(body), orjson.loads(answer))


def charged(operation: str, asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Call:
    """Units of one call of a JSON service."""
    match operation:
        case "BatchGetItem":
            return _batch_get(asked, answered)
        case "PutItem":
            return Call(operation, write_units=write_units(asked["Item"]))
        case "UpdateItem":
            return Call(operation, write_units=1.0)  # the counters that a decision updates are far below 1 KB
        case "BatchWriteItem":
            puts = [one["PutRequest"]["Item"] for each in asked["RequestItems"].values() for one in each]
            return Call(operation, write_units=sum(map(write_units, puts)))
        case "PutRecordBatch":
            records = [b64decode(record["Data"]) for record in asked["Records"]]
            billed = sum(ceil(len(record) / RECORD_STEP) * RECORD_STEP for record in records)
            return Call(operation, kept_bytes=sum(len(gzip.compress(one)) for one in records), billed_bytes=billed)
    return Call(operation)


def _batch_get(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Call:
    units: dict[str, float] = defaultdict(float)
    for table, wanted in asked["RequestItems"].items():
        found = {_key_of(item): item_size(item) for item in answered.get("Responses", {}).get(table, [])}
        share = 1.0 if wanted.get("ConsistentRead") else 0.5
        for key in map(_key_of, wanted["Keys"]):
            units[kind_of(*key)] += share * ceil(found.get(key, 1) / READ_STEP)
    return Call("BatchGetItem", read_units=sum(units.values()), units_of=units)


def _key_of(item: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def kind_of(pk: str, sk: str) -> str:
    """How the keys of a kind of rows begin: vitrine.keys spells them."""
    return f"{pk.partition('#')[0]} {sk.partition('#')[0]}" if not sk[:1].isdigit() else pk.partition("#")[0]


def write_units(item: Mapping[str, Mapping[str, Any]]) -> float:
    """Units that writing an item takes."""
    return float(ceil(item_size(item) / WRITE_STEP))


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item in DynamoDB's JSON, as DynamoDB counts them."""
    return sum(len(name.encode()) + sum(_sizes(value)) for name, value in item.items())


def _sizes(value: Mapping[str, Any]) -> Iterable[int]:
    for kind, data in value.items():
        match kind:
            case "S":
                yield len(data.encode())
            case "N":
                yield (len(data.strip("-").strip("0")) + 1) // 2 + 1
            case "B":
                yield len(b64decode(data))
            case _:
                yield 1
