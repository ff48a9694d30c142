"""`vitrine people` and the planner of notes against the local stack: what they write is what outreach reads."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from tests.contract.local_stack import maker
from tests.fixtures.lake.builders import Good, write_lake, write_table
from tests.unit.feeds import silent
from vitrine import keys
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.cli import people_command
from vitrine.errors import InvalidSource
from vitrine.local.pool import aws_variables
from vitrine.outreach.state import State, parse_state
from vitrine.refresh.due import DUE
from vitrine.refresh.engine import ITEMS
from vitrine.refresh.outreach_notes import DUE_COLUMNS
from vitrine.settings import Settings
from vitrine.types import Absent
from vitrine.visitors.identity import mint, parse_keys
from vitrine.wiring.notes import build_notes_desk

pytestmark = pytest.mark.stack

SECRET = '{"kid": "k1", "key": "' + "0" * 64 + '"}'


@pytest.fixture
def settings(stack: str, new_bucket: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An environment as a function has it, over a fresh table, bucket and secret."""
    name = f"people-{uuid4().hex[:8]}"
    maker("dynamodb", stack)().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    maker("secretsmanager", stack)().create_secret(Name=name, SecretString=SECRET)
    ours = {"VITRINE_TABLE": name, "VITRINE_LAKE_BUCKET": new_bucket(), "VITRINE_TOKEN_SECRET": name}
    for variable, value in {**aws_variables(stack), **ours}.items():
        monkeypatch.setenv(variable, value)
    return Settings.from_env(ours)


def run(*words: str) -> int:
    """The exit code of `vitrine people`."""
    parser = argparse.ArgumentParser()
    people_command.configure(parser)
    return people_command.run(parser.parse_args(words))


def state(settings: Settings, person: str) -> State:
    """What outreach remembers of a person."""
    key = keys.outreach(person)
    return parse_state(DynamoTable(settings.table).read([key], 5.0, latest=True)[key]).state


def test_a_person_is_told_shown_and_forgotten(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """By token or by id; with what options say, and an alarm; then there is nothing left."""
    token = mint("v2", parse_keys(SECRET))
    told = [
        "--mail",
        "ann@example.com",
        "--zone",
        "Europe/Berlin",
        "--visitor",
        "v1",
        "--visitor",
        token,
        "--allow",
        "app",
    ]
    assert run("put", "ann", *told) == 0
    capsys.readouterr()
    assert run("show", "ann") == 0
    shown = orjson.loads(capsys.readouterr().out)
    assert (shown["visitors"], shown["addresses"], shown["allowed"]) == (
        ["v1", "v2"],
        {"mail": "ann@example.com"},
        ["app", "mail"],
    )
    assert shown["due_ms"] <= datetime.now(UTC).timestamp() * 1000
    table, link = DynamoTable(settings.table), keys.link("v1")
    assert table.read([link], 5.0, latest=True)[link] == {"person": "ann", "rev": 1}
    assert run("put", "ann", "--forget", "mail") == 0
    assert run("forget", "ann") == 0
    assert "4 rows deleted" in capsys.readouterr().out
    assert table.read([link], 5.0, latest=True)[link] is Absent.MISSING
    with pytest.raises(InvalidSource, match="nothing is known of ann"):
        run("show", "ann")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("put", "a b"), "person: should be"),
        (("put", "ann", "--mail", "nobody"), "addresses.mail: should be a mail address"),
        (("put", "ann", "--web-push", "{"), "addresses.web_push: should be JSON"),
        (("put", "ann", "--zone", "Mars"), "zone: should be an IANA"),
        (("put", "ann", "--visitor", "v1.k1.v1.forged"), "visitor: "),
    ],
)
def test_bad_options_are_named(settings: Settings, words: tuple[str, ...], fault: str) -> None:
    """One line, and nothing is written."""
    with pytest.raises(InvalidSource, match=fault):
        run(*words)
    assert state(settings, "ann") == State()


def test_the_planner_notes_what_is_due(settings: Settings, tmp_path: Path) -> None:
    """From the bucket's list to the row of the person whose visitor it is, with an alarm."""
    run("put", "ann", "--visitor", "v1")
    soon_ms = int(datetime.now(UTC).timestamp() * 1000) + 3_600_000
    write_table(tmp_path / DUE, DUE_COLUMNS, [("v1", "i1", soon_ms)])
    write_lake(tmp_path, [Good("i1")], [])
    lake = S3Objects(settings.lake_bucket)
    lake.upload(tmp_path / DUE, DUE)
    lake.upload(tmp_path / ITEMS, ITEMS)
    planned = build_notes_desk(settings).plan(silent)
    assert (planned.notes, planned.people) == (1, 1)
    assert [(note.kind, note.subject, note.value) for note in state(settings, "ann").notes] == [
        ("replenishment", "i1", soon_ms)
    ]
    assert build_notes_desk(settings).plan(silent).people == 0
