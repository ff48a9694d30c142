"""The local runner with a template of its own: real children under awslambdaric, a real emulator, real HTTP."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from vitrine.errors import LocalStackError
from vitrine.local.clockwork import Clockwork
from vitrine.local.gateway import Gateway
from vitrine.local.sandbox import Outcome
from vitrine.local.stack import LocalStack

TEMPLATE = Path(__file__).parents[1] / "fixtures" / "runner" / "template.yaml"
ORIGIN = "http://shop.example"
PATIENCE_S = 15.0


class Lines(list[tuple[str, str]]):
    """What the children said, as (name, line)."""

    def of(self, name: str) -> list[str]:
        """The lines of one child."""
        return [line for who, line in self if who == name]


@pytest.fixture(scope="module")
def lines() -> Lines:
    """The log of the stack below."""
    return Lines()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, lines: Lines) -> Iterator[LocalStack]:
    """The fixture template, running; afterwards none of its processes is left."""
    state = tmp_path_factory.mktemp("runner")
    with LocalStack(TEMPLATE, state, log=lambda name, line: lines.append((name, line))) as running:
        yield running
        pids = running.pids()
    assert len(pids) >= 3
    assert not [pid for pid in pids if is_alive(pid)]


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting for its parent to take note of its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def call(
    stack: LocalStack, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a request to the stack's API."""
    connection = http.client.HTTPConnection(stack.url.removeprefix("http://"), timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, [(name.lower(), value) for name, value in response.getheaders()], response.read()
    finally:
        connection.close()


def get(stack: LocalStack, path: str) -> tuple[int, Any]:
    """Status and JSON of a GET."""
    status, _, body = call(stack, "GET", path)
    return status, json.loads(body)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true before our patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def queue_size(stack: LocalStack, name: str) -> int:
    """Messages in a queue, hidden ones too."""
    sqs = stack.client("sqs")
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if name in url]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def test_handler_gets_event_context_and_environment(stack: LocalStack) -> None:
    """A request arrives as payload 2.0, in a child that sees what Lambda would show and nothing of ours."""
    status, headers, body = call(stack, "GET", "/echo/7?a=1&a=2", headers={"Cookie": "k=1"})
    seen = json.loads(body)
    assert status == 201
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ("x-seen", "yes") in headers
    assert seen["event"]["routeKey"] == "GET /echo/{id}"
    assert seen["event"]["pathParameters"] == {"id": "7"}
    assert seen["event"]["queryStringParameters"] == {"a": "1,2"}
    assert seen["event"]["cookies"] == ["k=1"]
    assert seen["memory"] == "256"
    assert 0 < seen["remaining_ms"] <= 5000
    assert seen["table"] == stack.environment("EchoFunction")["TABLE"]
    assert seen["endpoint"] == stack.endpoint
    assert seen["home"] is None


def test_environment_is_reused_while_warm(stack: LocalStack) -> None:
    """The second request meets the same process, which remembers the first."""
    _, first = get(stack, "/echo/1")
    _, second = get(stack, "/echo/1")
    assert (second["pid"], second["count"]) == (first["pid"], first["count"] + 1)


def test_body_arrives_as_sent(stack: LocalStack) -> None:
    """Text stays text, and a plain result becomes 200 with JSON."""
    _, _, body = call(stack, "POST", "/echo", '{"é":1}'.encode(), {"Content-Type": "application/json"})
    event = json.loads(body)["event"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"é":1}', False)
    assert get(stack, "/echo/plain") == (200, {"plain": True})


def test_unknown_route_is_not_found(stack: LocalStack) -> None:
    """API Gateway's own answer, for a path and for a method that no route has."""
    assert get(stack, "/nowhere") == (404, {"message": "Not Found"})
    assert call(stack, "DELETE", "/echo")[0] == 404


def test_body_over_ten_megabytes_is_refused(stack: LocalStack) -> None:
    """API Gateway's payload limit."""
    status, _, body = call(stack, "POST", "/echo", b"x" * (10 * 1024 * 1024 + 1))
    assert (status, json.loads(body)) == (413, {"message": "Request Entity Too Large"})


def test_cors_is_the_templates(stack: LocalStack) -> None:
    """Preflight is answered without the function; answers to a permitted origin say so."""
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    status, headers, _ = call(stack, "OPTIONS", "/echo", headers=preflight)
    assert status == 204
    assert ("access-control-allow-methods", "GET,POST") in headers
    assert ("access-control-max-age", "600") in headers
    _, permitted, _ = call(stack, "GET", "/echo/plain", headers={"Origin": ORIGIN})
    assert ("access-control-allow-origin", ORIGIN) in permitted
    _, refused, _ = call(stack, "GET", "/echo/plain", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in dict(refused)


@pytest.mark.parametrize("kind", ["slow", "raise", "exit", "large", "nonsense"])
def test_fault_of_a_handler_is_an_internal_error(stack: LocalStack, kind: str) -> None:
    """Timeout, exception, exit, oversized and malformed results are 500, and the next request works."""
    assert get(stack, f"/faults/{kind}") == (500, {"message": "Internal Server Error"})
    assert get(stack, "/faults/none")[0] == 200


def test_timeout_kills_the_child(stack: LocalStack) -> None:
    """The caller of an invocation learns of the timeout, and the process is gone."""
    _, before = get(stack, "/faults/none")
    outcome = stack.invoke("FaultsFunction", {"pathParameters": {"kind": "slow"}})
    assert outcome.failed
    assert "Task timed out after 1.00 seconds" in json.loads(outcome.payload)["errorMessage"]
    assert not is_alive(before["pid"])


def test_exception_is_logged_under_its_functions_name(stack: LocalStack, lines: Lines) -> None:
    """The traceback of a child is shown line by line."""
    get(stack, "/faults/raise")
    assert eventually(lambda: any("ValueError: on purpose" in line for line in lines.of("FaultsFunction")))


def test_function_that_does_not_load(stack: LocalStack) -> None:
    """An init error is a 500 for the caller and an error with its type for `invoke`."""
    assert get(stack, "/broken") == (500, {"message": "Internal Server Error"})
    outcome = stack.invoke("BrokenFunction", {})
    assert outcome.failed
    assert json.loads(outcome.payload)["errorType"] == "RuntimeError"


def test_two_invocations_run_at_once_and_a_third_waits(stack: LocalStack) -> None:
    """Six requests meet exactly two processes, the concurrency of this machine."""
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: get(stack, "/faults/nap"), range(6)))
    assert {status for status, _ in answers} == {200}
    assert len({answer["pid"] for _, answer in answers}) == 2


def test_schedule_can_be_run_now(stack: LocalStack) -> None:
    """The local door sends the schedule's event when it is given none, and refuses web pages and unknown names."""
    status, _, body = call(stack, "POST", "/_local/invoke/EchoFunction")
    event = json.loads(json.loads(body)["body"])["event"]
    assert (status, event["source"], event["detail-type"]) == (200, "aws.events", "Scheduled Event")
    assert call(stack, "POST", "/_local/invoke/EchoFunction", headers={"Origin": ORIGIN})[0] == 403
    assert call(stack, "POST", "/_local/invoke/EchoFunction", headers={"Host": "evil.example"})[0] == 403
    assert call(stack, "POST", "/_local/invoke/Nobody")[0] == 404


def test_queue_keeps_only_what_failed(stack: LocalStack, lines: Lines) -> None:
    """Of a batch the named message comes again and ends in the dead letter queue; the others are done once."""
    sqs, queue = stack.client("sqs"), stack.environment("EchoFunction")["WORK_QUEUE"]
    bodies = [{"n": 1}, {"n": 2, "fail": True}, {"n": 3}]
    entries = [{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert eventually(lambda: queue_size(stack, "DeadQueue") == 1 and queue_size(stack, "WorkQueue") == 0)
    assert sorted(line for line in lines.of("WorkFunction") if line.startswith("done")) == [
        'done {"n": 1}',
        'done {"n": 3}',
    ]


def test_table_stream_reaches_its_function(stack: LocalStack, lines: Lines) -> None:
    """A written item arrives as a stream record."""
    table = stack.environment("EchoFunction")["TABLE"]
    stack.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "k-1"}})
    assert eventually(lambda: "changed k-1" in lines.of("WorkFunction"))


def test_stream_delivers_readable_objects(stack: LocalStack) -> None:
    """What goes into a delivery stream comes out as text in the bucket, under a name that does not promise gzip."""
    name = stack.environment("EchoFunction")["STREAM"]
    stack.client("firehose").put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"a\n"}, {"Data": b"b\n"}])
    s3, bucket = stack.client("s3"), bucket_of(stack)

    def delivered() -> list[str]:
        return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix="letters/").get("Contents", [])]

    assert eventually(lambda: len(delivered()) == 2)
    assert not any(key.endswith(".gz") for key in delivered())
    bodies = {s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in delivered()}
    assert bodies == {b"a\n", b"b\n"}


def test_failed_schedule_is_told_to_its_queue(stack: LocalStack) -> None:
    """After its retries an asynchronous invocation leaves a record with the event and the error."""
    clockwork = Clockwork([], stack._invoke, stack.endpoint, lambda *_: None, retry_waits_s=(0.0, 0.0))
    outcome = stack._run(clockwork.fire(stack.functions["BrokenFunction"], b'{"n": 1}'))
    assert outcome.failed
    sqs = stack.client("sqs")
    (url,) = [url for url in sqs.list_queues()["QueueUrls"] if "LostQueue" in url]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert (record["requestPayload"], record["responsePayload"]["errorType"]) == ({"n": 1}, "RuntimeError")
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_state_survives_and_is_locked(tmp_path: Path) -> None:
    """A second stack on the same state is refused while the first runs, and finds its data afterwards."""
    item = {"pk": {"S": "kept"}}
    with LocalStack(TEMPLATE, tmp_path) as first:
        with pytest.raises(LocalStackError, match="another"), LocalStack(TEMPLATE, tmp_path):
            pass
        table = first.environment("EchoFunction")["TABLE"]
        first.client("dynamodb").put_item(TableName=table, Item=item)
        first.client("s3").put_object(Bucket=bucket_of(first), Key="k", Body=b"v")
    with LocalStack(TEMPLATE, tmp_path) as second:
        assert second.environment("EchoFunction")["TABLE"] == table
        assert second.client("dynamodb").get_item(TableName=table, Key=item)["Item"] == item
        assert second.client("s3").get_object(Bucket=bucket_of(second), Key="k")["Body"].read() == b"v"
        queue = second.environment("EchoFunction")["WORK_QUEUE"]
        assert queue.startswith(second.endpoint)


def test_death_of_the_emulator_is_said(tmp_path: Path) -> None:
    """Whoever looks at the log learns why nothing works any more, and the stack still ends."""
    said = Lines()
    with LocalStack(TEMPLATE, tmp_path, log=lambda name, line: said.append((name, line))) as stack:
        os.kill(stack.pids()[0], signal.SIGKILL)
        assert eventually(lambda: any("has ended" in line for line in said.of("ministack")))


def bucket_of(stack: LocalStack) -> str:
    """The name of the one bucket."""
    (bucket,) = stack.client("s3").list_buckets()["Buckets"]
    name: str = bucket["Name"]
    return name


def test_caller_does_not_wait_longer_than_the_integration_timeout(stack: LocalStack) -> None:
    """API Gateway gives up on a function that still runs: 503, thirty seconds on AWS and shorter here."""

    async def never_done(function: str, event: bytes) -> Outcome:
        await asyncio.sleep(3600)
        return Outcome(event)

    async def ask() -> tuple[int, bytes]:
        functions = [stack.functions["EchoFunction"]]
        gateway = Gateway(functions, None, never_done, lambda *_: None, integration_timeout_s=0.05)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await gateway.start(listener)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/echo/1"
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                status, body = response.status, await response.read()
            await gateway.stop()
        return status, body

    status, body = asyncio.run(ask())
    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})


def test_taken_port_is_said_before_anything_starts(stack: LocalStack, tmp_path: Path) -> None:
    """One line with the port and the remedy."""
    port = int(stack.url.rpartition(":")[2])
    with pytest.raises(LocalStackError, match=f"port {port} is taken"), LocalStack(TEMPLATE, tmp_path, port=port):
        pass


def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    """After kill -9 neither the emulator nor a function in the middle of its work is left."""
    program = f"""
import sys, threading
from pathlib import Path
from vitrine.local.gateway import Gateway
from vitrine.local.sandbox import Outcome
from vitrine.local.stack import LocalStack
with LocalStack(Path({str(TEMPLATE)!r}), Path({str(tmp_path)!r})) as stack:
    threading.Thread(target=stack.invoke, args=("EchoFunction", {{"sleep_s": 60}}), daemon=True).start()
    while len(stack.pids()) < 2:
        pass
    print(*stack.pids(), flush=True)
    threading.Event().wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(is_alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))
