"""What a template declares, as far as the runner plays it: functions and what makes them run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vitrine.local.intrinsics import Tree

REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
STACK_NAME: Final = "vitrine"
API_ID: Final = "local"
NO_AUTHORIZER: Final = "NONE"


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the HTTP API; `function` is a logical id. `for_operators`: an authorizer stands before it."""

    method: str
    path: str
    function: str
    for_operators: bool = False

    @property
    def key(self) -> str:
        """The routeKey of events: `POST /v1/decide`, or `$default`."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function's time trigger. `sender` is the service that sends its event: aws.events or aws.scheduler."""

    name: str
    function: str
    expression: str
    timezone: str
    input: str | None
    sender: str


@dataclass(frozen=True, slots=True)
class Source:
    """A queue (SQS) or table stream (DynamoDB) that a function consumes in batches.

    `partial`: the function may name the failed part of a batch; `max_retries` holds for streams, queues redrive.
    """

    kind: str
    arn: str
    function: str
    batch_size: int
    from_start: bool
    partial: bool
    max_retries: int


@dataclass(frozen=True, slots=True)
class Cors:
    """The API's CORS configuration; empty tuples allow nothing."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    expose: tuple[str, ...]
    max_age_s: int | None
    credentials: bool


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function; `id` is its logical id, `failures` the ARN of the queue told of lost asynchronous runs.

    `reserved` is its reserved concurrency, None when it has none.
    """

    id: str
    name: str
    folder: Path
    handler: str
    memory_mb: int
    timeout_s: float
    reserved: int | None
    snap_start: bool
    log_format: str
    log_level: str
    environment: Mapping[str, str]
    routes: tuple[Route, ...]
    schedules: tuple[Schedule, ...]
    sources: tuple[Source, ...]
    max_retries: int
    failures: str | None

    @property
    def arn(self) -> str:
        """The ARN that its context carries."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


Events = Iterable[tuple[str, Tree]]
"""A function's Events section: (name, event)."""


def read_routes(function: str, events: Events) -> Iterator[Route]:
    """Routes of the HTTP API that lead to the function."""
    for _, event in events:
        if event["Type"] == "HttpApi":
            properties = event.get("Properties", {})
            method = properties.get("Method", "ANY").upper()
            authorizer = properties.get("Auth", {}).get("Authorizer", NO_AUTHORIZER)
            path = properties.get("Path", "$default")
            yield Route("ANY" if method == "*" else method, path, function, authorizer != NO_AUTHORIZER)


def read_schedules(function: str, events: Events) -> Iterator[Schedule]:
    """Enabled time triggers of the function."""
    for name, event in events:
        properties = event.get("Properties", {})
        if event["Type"] == "Schedule" and properties.get("Enabled", True):
            expression, sender = properties["Schedule"], "aws.events"
        elif event["Type"] == "ScheduleV2" and properties.get("State", "ENABLED") == "ENABLED":
            expression, sender = properties["ScheduleExpression"], "aws.scheduler"
        else:
            continue
        zone = properties.get("ScheduleExpressionTimezone", "UTC")
        yield Schedule(name, function, expression, zone, properties.get("Input"), sender)


def read_sources(function: str, events: Events) -> Iterator[Source]:
    """Queues and table streams that the function consumes."""
    for _, event in events:
        kind, properties = event["Type"], event.get("Properties", {})
        if kind in {"SQS", "DynamoDB"} and properties.get("Enabled", True):
            yield Source(
                kind=kind,
                arn=properties["Queue" if kind == "SQS" else "Stream"],
                function=function,
                batch_size=int(properties.get("BatchSize", 10 if kind == "SQS" else 100)),
                from_start=properties.get("StartingPosition") == "TRIM_HORIZON",
                partial="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
                max_retries=int(properties.get("MaximumRetryAttempts", 10)),
            )


def read_cors(settings: Tree) -> Cors:
    """CORS from a mapping, or from `true`, which allows any origin, method and header."""
    if settings is True:
        return Cors(("*",), ("*",), ("*",), (), None, False)
    names = ("AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders")
    origins, methods, headers, expose = (tuple(settings.get(name, ())) for name in names)
    return Cors(
        origins, methods, headers, expose, settings.get("MaxAge"), bool(settings.get("AllowCredentials", False))
    )
