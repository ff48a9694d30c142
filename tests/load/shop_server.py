"""The canned server of tests.bench, with writes: profiles, exposures and budgets change under load as they do live.

python -m tests.load.shop_server FOLDER     prints its port; ends when its standard input does
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.canned_dynamodb import Answers
from tests.faults.backend import Summed

REFUSED: Final = b'{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"refused"}'


class ShopAnswers(Answers):
    """Answers that also know PutItem and UpdateItem, with the conditions that Vitrine writes under."""

    def answer(self, method: str, path: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of one request."""
        operation = target.rpartition(".")[2]
        if operation not in ("PutItem", "UpdateItem"):
            return super().answer(method, path, target, body)
        self.calls[operation] += 1
        asked = orjson.loads(body)
        done = self._put(asked) if operation == "PutItem" else self._count(asked)
        return (200, b"{}") if done else (400, REFUSED)

    def _put(self, asked: Mapping[str, Any]) -> bool:
        """Replace a row whose revision is the expected one, or that is not there."""
        item = asked["Item"]
        key = (item["pk"]["S"], item["sk"]["S"])
        held = self.rows.get(key)
        expected = asked.get("ExpressionAttributeValues", {}).get(":rev")
        if "ConditionExpression" in asked and (None if held is None else orjson.loads(held).get("rev")) != expected:
            return False
        self.rows[key] = orjson.dumps(item)
        return True

    def _count(self, asked: Mapping[str, Any]) -> bool:
        """Add one to a counter below its limit."""
        key = (asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"])
        row = orjson.loads(self.rows.get(key) or orjson.dumps(asked["Key"]))
        used = int(row.get("used", {"N": "0"})["N"])
        if used >= int(asked["ExpressionAttributeValues"][":limit"]["N"]):
            return False
        self.rows[key] = orjson.dumps(row | {"used": {"N": str(used + 1)}})
        return True


async def serve(folder: Path) -> None:
    """Serve on a free port, print it, and end with the standard input."""
    loop = asyncio.get_running_loop()
    answers = ShopAnswers(folder)
    server = await loop.create_server(lambda: Summed(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
