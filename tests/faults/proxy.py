"""A TCP proxy before AWS's stand-in that fails as networks and services do: one listener for each dependency.

    with FaultProxy({"dynamodb": port, "s3": port}) as proxy:     # ports of the backend on loopback
        env |= proxy.endpoints()                                  # AWS_ENDPOINT_URL_DYNAMODB, ..._S3, for a child
        proxy.set("dynamodb", "hang")                             # in force when this returns
        proxy.set("s3", "latency", ms=50, jitter_ms=20)
        proxy.set("dynamodb", "throttle", share=0.5)              # of the requests
        proxy.set("dynamodb", "pass")
        proxy.counts("dynamodb")                                  # Counts(connections, requests) since the last time

The proxy runs in a process of its own, so that a generator of load in Python does not slow it down. Names of
dependencies are those of ENDPOINTS. Faults:

    pass        as the backend answers
    latency     the answer comes later by ms, more or less jitter_ms
    hang        requests are taken and never answered
    drip        the answer comes a byte each `ms`, 40 when not told
    rst         each request is answered by a reset
    half_close  half of an answer, then FIN, and the other direction stays open
    corrupt     some letters and digits of the answer's body are other ones: still the form of an answer
    throttle    the service's own error of too many requests
    error500    the service's own error of its inside
    refuse      nobody listens
    blackhole   nothing is accepted: the backlog is full, and what is connected hears nothing any more

A connection that was left hanging stays so after the fault is over, until the client gives it up. An unresolvable
name needs no proxy: `UNRESOLVABLE` as the endpoint.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.harness import Process

ENDPOINTS: Final = {
    "dynamodb": "AWS_ENDPOINT_URL_DYNAMODB",
    "s3": "AWS_ENDPOINT_URL_S3",
    "firehose": "AWS_ENDPOINT_URL_FIREHOSE",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
}
"""What botocore calls the variable that leads to a service."""

UNRESOLVABLE_HOST: Final = "nonexistent.invalid"
UNRESOLVABLE: Final = f"http://{UNRESOLVABLE_HOST}:8000"
SILENT: Final = ("refuse", "blackhole")
"""Faults of which the proxy sees no request."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What came to a listener."""

    connections: int
    requests: int


class FaultProxy(Process):
    """The proxy as the test sees it; `ports` are the backend's, by dependency."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        super().__init__("tests.faults.listeners", [json.dumps(dict(ports))], dict(os.environ))
        self.ports: Mapping[str, int] = json.loads(self.hear())

    def set(self, dependency: str, fault: str, *, share: float = 1.0, ms: float = 0.0, jitter_ms: float = 0.0) -> None:
        """Let a dependency fail so from now on."""
        manner = {"fault": fault, "share": share, "ms": ms, "jitter_ms": jitter_ms}
        self._ask({"dependency": dependency, "manner": manner})

    def counts(self, dependency: str) -> Counts:
        """What came since the last time that this was asked."""
        return Counts(**self._ask({"dependency": dependency}))

    def endpoints(self) -> dict[str, str]:
        """Variables that lead an AWS client here."""
        return {ENDPOINTS[name]: f"http://127.0.0.1:{port}" for name, port in self.ports.items()}

    def _ask(self, command: Mapping[str, Any]) -> dict[str, int]:
        self.tell(json.dumps(command))
        told: dict[str, int] = json.loads(self.hear())
        return told
