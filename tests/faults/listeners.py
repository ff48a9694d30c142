"""The faulty listeners of `proxy`, which tells their faults: one child process for all, spoken to in lines of JSON."""

import asyncio
import json
import random
import re
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Message: TypeAlias = tuple[bytes, bytes]
"""Head and body of an HTTP message."""

DRIP_MS: Final = 40.0
LINGER_NOT: Final = struct.pack("ii", 1, 0)
CODES: Final = {
    ("dynamodb", "throttle"): (400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"),
    ("secretsmanager", "throttle"): (400, "ThrottlingException"),
    ("firehose", "throttle"): (500, "ServiceUnavailableException"),
    ("s3", "throttle"): (503, "SlowDown"),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """A fault and its measure."""

    fault: str = "pass"
    share: float = 1.0
    ms: float = 0.0
    jitter_ms: float = 0.0


@dataclass
class Listener:
    """One dependency's front."""

    dependency: str
    backend: int
    manner: Manner = Manner()
    connections: int = 0
    requests: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _fillers: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held = _bound(0)  # never listens: the port stays ours while it refuses
        self.port: int = self._held.getsockname()[1]
        self._random = random.Random(self.dependency)

    async def set(self, manner: Manner) -> None:
        """Fail so from now on."""
        self.manner = manner
        if manner.fault in ("refuse", "blackhole") or self._server is None:
            self._close()
        if manner.fault == "refuse":
            for writer in list(self.open):
                _reset(writer)
        elif manner.fault == "blackhole":
            self._fill()
        elif self._server is None:
            self._server = await asyncio.start_server(self._serve, sock=_bound(self.port), backlog=512)

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for filler in self._fillers:
            filler.close()
        self._server, self._fillers = None, []

    def _fill(self) -> None:
        """Listen with the shortest backlog and fill it: Linux drops the SYNs that come after."""
        self._fillers = [_bound(self.port)]
        self._fillers[0].listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client, with one to the backend as soon as that is asked."""
        self.connections += 1
        self.open.add(writer)
        backend: list[asyncio.StreamWriter] = []
        try:
            await self._answer_all(reader, writer, backend)
        except (asyncio.IncompleteReadError, OSError):
            pass  # one of the two sides is gone
        finally:
            self.open.discard(writer)
            for side in (writer, *backend):
                side.close()

    async def _answer_all(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backend: list[asyncio.StreamWriter]
    ) -> None:
        answers: asyncio.StreamReader | None = None
        while True:
            request = await read_message(reader)
            self.requests += 1
            manner = self.manner if self._random.random() < self.manner.share else Manner()
            match manner.fault:
                case "hang" | "blackhole":
                    await reader.read(-1)
                    return
                case "rst" | "refuse":
                    _reset(writer)
                    return
                case "throttle" | "error500":
                    writer.write(self._error(manner.fault))
                    continue
            if answers is None:
                answers, to_backend = await asyncio.open_connection("127.0.0.1", self.backend)
                backend.append(to_backend)
            backend[0].write(b"".join(request))
            if not await self._pass_on(await read_message(answers), writer, manner):
                await reader.read(-1)
                return

    async def _pass_on(self, answer: Message, writer: asyncio.StreamWriter, manner: Manner) -> bool:
        """Write an answer in a manner; whether the connection is of further use."""
        whole = b"".join(answer)
        match manner.fault:
            case "latency":
                await asyncio.sleep(max(manner.ms + self._random.uniform(-1, 1) * manner.jitter_ms, 0.0) / 1000)
            case "corrupt":
                whole = answer[0] + self._corrupted(answer[1])
            case "half_close":
                writer.write(whole[: len(whole) // 2])
                writer.write_eof()
                return False
            case "drip":
                for at in range(len(whole)):
                    writer.write(whole[at : at + 1])
                    await writer.drain()
                    await asyncio.sleep((manner.ms or DRIP_MS) / 1000)
                return True
        writer.write(whole)
        await writer.drain()
        return True

    def _corrupted(self, body: bytes) -> bytes:
        """Three letters or digits of the body become their neighbours: wrong and yet well formed."""
        places = [at for at in range(len(body)) if bytes([body[at], body[at] ^ 1]).isalnum()]
        changed = bytearray(body)
        for at in self._random.sample(places, min(3, len(places))):
            changed[at] ^= 1
        return bytes(changed)

    def _error(self, fault: str) -> bytes:
        status, code = CODES[self.dependency, fault] if fault == "throttle" else (500, "InternalServerError")
        body = json.dumps({"__type": code}) if self.dependency != "s3" else f"<Error><Code>{code}</Code></Error>"
        return f"HTTP/1.1 {status} Fault\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def read_message(reader: asyncio.StreamReader) -> Message:
    """Head and body of one request or answer, with its length told or in chunks."""
    head = await reader.readuntil(b"\r\n\r\n")
    if length := re.search(rb"(?im)^content-length:\s*(\d+)", head):
        return head, await reader.readexactly(int(length[1]))
    body = b""
    if re.search(rb"(?im)^transfer-encoding:\s*chunked", head):
        while not body.endswith(b"0\r\n\r\n"):
            size = await reader.readuntil(b"\r\n")
            body += size + await reader.readexactly(int(size, 16) + 2)
    return head, body


def _bound(port: int) -> socket.socket:
    """A socket on loopback that shares its port with others of ours."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    writer.transport.abort()


async def obey(listeners: Mapping[str, Listener], line: str) -> Mapping[str, int]:
    """Do what a line of the control channel says."""
    command = json.loads(line)
    listener = listeners[command["dependency"]]
    if "manner" in command:
        await listener.set(Manner(**command["manner"]))
        return {}
    told = {"connections": listener.connections, "requests": listener.requests}
    listener.connections = listener.requests = 0
    return told


async def main(ports: Mapping[str, int]) -> None:
    """Print the listeners' ports, then answer commands until the input ends."""
    listeners = {name: Listener(name, port) for name, port in ports.items()}
    for listener in listeners.values():
        await listener.set(Manner())
    print(json.dumps({name: listener.port for name, listener in listeners.items()}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await obey(listeners, line)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
