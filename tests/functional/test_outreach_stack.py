"""Outreach's functions as template.yaml declares them, on the local stack: index, queues, topic, links."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.functional.handlers import ROOT, load_handler, recorded_event
from tests.functional.test_outreach_send import POISON, Context, Worker
from vitrine import keys
from vitrine.adapters.aws import ONE_ATTEMPT, PATIENT, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.local.batches import failed_ids, queue_event
from vitrine.local.resources import Boto
from vitrine.local.sandbox import Outcome
from vitrine.local.sources import receive
from vitrine.local.stack import LocalStack
from vitrine.outreach.person import Person, parse_person, row_of
from vitrine.outreach.state import State, StoredState
from vitrine.outreach.unsubscribe import Leaving, mint_leaving
from vitrine.visitors.identity import parse_keys

pytestmark = pytest.mark.stack

PERSON, SENDING = "household-1929", "00112233445566778899aabbccddeeff"  # as in events/outreach_feedback.json
ADDRESS = "household-1929@demo.example"
MAX_RECEIVES = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The running stack; its schedules are left out, so that the tests decide which minute it is."""
    parameters = {"CodeSha256": "0" * 64, "MailFrom": "shop@demo.example", "OutreachSchedule": "cron(0 0 1 1 ? 2199)"}
    with LocalStack(
        ROOT / "template.yaml",
        tmp_path_factory.mktemp("outreach"),
        environment={"VITRINE_BUNDLE": str(ROOT)},
        parameters=parameters,
        log=lambda name, line: None,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def table(stack: LocalStack) -> DynamoTable:
    """The stack's table."""
    name = stack.environment("OutreachDueFunction")["VITRINE_TABLE"]
    at = local_stack(stack.endpoint)
    made = [client_maker("dynamodb", config, at) for config in (ONE_ATTEMPT, PATIENT)]
    return DynamoTable(name, make_reader=made[0], make_writer=made[1])


def eventually(holds: Callable[[], bool], wait_s: float = 60.0) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def person_in(table: DynamoTable) -> Person:
    """What is known of the person."""
    key = keys.person(PERSON)
    return parse_person(table.read([key], 5.0, latest=True)[key], PERSON)[0]


def keep_person(table: DynamoTable) -> None:
    """The person as the shop told of them."""
    person = Person(PERSON, addresses={"mail": ADDRESS}, allowed=frozenset(("mail",)))
    rows = [(keys.person(PERSON), row_of(person, None)), (keys.sending(SENDING), {"person": PERSON})]
    table.write(rows)  # type: ignore[arg-type]


def test_the_minute_finds_who_is_due(stack: LocalStack, table: DynamoTable) -> None:
    """By the sparse index; who is due in an hour, or never, is not in its answer."""
    now_ms = int(time.time() * 1000)
    due = {"p-due": now_ms - 90_000, "p-later": now_ms + 3_600_000, "p-never": None}
    table.write(
        (keys.outreach(name), StoredState().successor(State(due_ms=at), name, now_ms)) for name, at in due.items()
    )
    told = json.loads(stack.invoke("OutreachDueFunction", recorded_event("outreach_due")).payload)
    assert (told["due"], told["sent"], told["held"]) == (1, 1, False)
    assert 90_000 <= told["lag_ms"] < 3_600_000
    table.delete([keys.outreach(name) for name in due])


def test_what_ses_tells_the_topic_suppresses_an_address(stack: LocalStack, table: DynamoTable) -> None:
    """Topic, subscription, queue, function, table."""
    keep_person(table)
    sns = stack.client("sns")
    (topic,) = [one["TopicArn"] for one in sns.list_topics()["Topics"] if "Feedback" in one["TopicArn"]]
    sns.publish(TopicArn=topic, Message=recorded_event("outreach_feedback")["Records"][0]["body"])
    assert eventually(lambda: person_in(table).suppressed == {"mail": "bounced: Permanent General"})


def test_a_click_unsubscribes(stack: LocalStack, table: DynamoTable) -> None:
    """By HTTP, without cookies, with the stack's own key."""
    keep_person(table)
    secret = stack.environment("OutreachLinksFunction")["VITRINE_TOKEN_SECRET"]
    text = stack.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    url = f"{stack.url}/v1/unsubscribe/{mint_leaving(Leaving(PERSON, 'mail', SENDING), parse_keys(text))}"
    with urllib.request.urlopen(url, timeout=30) as page:
        assert b'<form method="post">' in page.read()
    assert not person_in(table).suppressed
    with urllib.request.urlopen(url, b"List-Unsubscribe=One-Click", timeout=30) as page:
        assert page.status == 200
    assert person_in(table).suppressed == {"mail": "unsubscribed"}


def test_the_sender_knows_its_channels(stack: LocalStack) -> None:
    """What the template tells it: a channel that is not set up has an empty setting."""
    told = stack.environment("OutreachSendFunction")
    assert told["VITRINE_MAIL_FROM"] == "shop@demo.example"
    assert told["VITRINE_MAIL_CONFIGURATION_SET"]
    assert told["VITRINE_PUBLIC_URL"] == stack.url
    assert told["VITRINE_SMS_SENDER"] == told["VITRINE_WEBHOOK_URL"] == told["VITRINE_VAPID_SECRET"] == ""


def queues_of(sqs: Boto) -> tuple[str, str]:
    """A queue and its dead letters, made as the template's but seen again at once."""
    dead: str = sqs.create_queue(QueueName="short-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
    attributes = {"VisibilityTimeout": "0", "RedrivePolicy": redrive}
    return sqs.create_queue(QueueName="short-work", Attributes=attributes)["QueueUrl"], dead


def everything_in(sqs: Boto, queue: str) -> list[str]:
    """All bodies in a queue."""
    found: dict[str, str] = {}
    while batch := [one for one in receive(sqs, queue, 10) if one["MessageId"] not in found]:
        found |= {one["MessageId"]: one["Body"] for one in batch}
    return list(found.values())


def test_poison_leaves_a_real_queue_by_itself(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty messages and one of each poison that SQS takes, through the handler and the queue's own redrive."""
    module, worker, sqs = load_handler("outreach_send"), Worker(), stack.client("sqs")
    monkeypatch.setattr(module, "service", lambda: worker)
    work, dead = queues_of(sqs)
    poison = [body for n, make in enumerate(POISON) if (body := make(n)) and body.isascii()]
    persons = [f"p{n}" for n in range(60)]
    for body in [*poison, *(json.dumps({"person": person}) for person in persons)]:
        sqs.send_message(QueueUrl=work, MessageBody=body)
    rounds = 0
    while batch := receive(sqs, work, 10):
        rounds += 1
        outcome = Outcome(json.dumps(module.handler(json.loads(queue_event(batch, "arn:w")), Context())).encode())
        failed = failed_ids([one["MessageId"] for one in batch], outcome, partial=True)
        for one in batch:
            if one["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=work, ReceiptHandle=one["ReceiptHandle"])
        assert rounds < 100
    assert worker.worked == dict.fromkeys(persons, 1)
    assert sorted(everything_in(sqs, dead)) == sorted(poison)


def test_a_recorded_event_is_a_batch(stack: LocalStack) -> None:
    """The handlers take what SQS sends; the functions load as Lambda loads them."""
    answer: Any = json.loads(stack.invoke("OutreachFeedbackFunction", recorded_event("outreach_feedback")).payload)
    assert answer == {"batchItemFailures": []}
