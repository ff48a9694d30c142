"""`vitrine feed` and `vitrine crm` against the local stack: from files to cards and profiles."""

import argparse
import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from types import ModuleType
from uuid import uuid4

import orjson
import pytest

from tests.contract.local_stack import maker
from vitrine import keys
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.cli import crm_command, feed_command
from vitrine.local.pool import aws_variables
from vitrine.types import ItemId
from vitrine.visitors.stored import parse_profile

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(
    stack: str, new_bucket: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[DynamoTable, S3Objects]:
    """An environment as a function has it, over a fresh table and fresh buckets; the table and the lake's bucket."""
    copytree(ROOT / "store", tmp_path / "bundle" / "store")
    name = f"intake-commands-{uuid4().hex[:8]}"
    maker("dynamodb", stack)().create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    bucket = new_bucket()
    variables = {
        **aws_variables(stack),
        "VITRINE_TABLE": name,
        "VITRINE_LAKE_BUCKET": bucket,
        "VITRINE_RELEASES_BUCKET": new_bucket(),
        "VITRINE_BUNDLE": str(tmp_path / "bundle"),
    }
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    make = maker("dynamodb", stack)
    table = DynamoTable(name, make_reader=make, make_writer=make)
    return table, S3Objects(bucket, make_client=maker("s3", stack))


def run(command: ModuleType, *words: str) -> int:
    """The exit code of a command."""
    parser = argparse.ArgumentParser()
    command.configure(parser)
    code: int = command.run(parser.parse_args(words))
    return code


def feed(n: int, price: str) -> bytes:
    """The shop's own export, packed."""
    lines = [
        {
            "sku": f"s{number}",
            "name": f"Soup {number}",
            "price": price,
            "list_price": "3.00",
            "path": ["grocery", "soup", "condensed soup"],
            "brand": "Private",
            "url": f"/shop/p/s{number}",
            "regions": ["north", "west"],
        }
        for number in range(n)
    ]
    return gzip.compress(b"\n".join(map(orjson.dumps, lines)))


def card(table: DynamoTable, item: ItemId) -> object:
    """The row of an item's card."""
    return table.read([keys.card(item)], 5.0, latest=True)[keys.card(item)]


@pytest.mark.stack
def test_a_feed_is_taken_refused_and_let_in(
    shop: tuple[DynamoTable, S3Objects], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing yet, then the inbox, then prices a hundred times as high, then an operator who means it."""
    table, lake = shop
    inbox = "feeds/inbox/catalogue.jsonl.gz"
    assert run(feed_command) == 0
    assert "no feed yet" in capsys.readouterr().out
    lake.put(inbox, feed(20, "2.50"))
    assert run(feed_command) == 0
    assert "20 items, 0 held back; no changes; 20 cards written" in capsys.readouterr().out
    assert card(table, "s7")["price"] == 250  # type: ignore[index]
    assert run(feed_command) == 0
    assert "is the one we have; 0 cards" in capsys.readouterr().out
    lake.put(inbox, feed(20, "250.00"))
    assert run(feed_command) == 1
    told = capsys.readouterr().out
    assert "misprints" in told
    assert card(table, "s7")["price"] == 250  # type: ignore[index]
    assert run(feed_command, "--quarantine") == 0
    (name,) = capsys.readouterr().out.split()
    assert f"vitrine feed --accept {name}" in told
    assert run(feed_command, "--accept", name) == 0
    assert "20 price rise" in capsys.readouterr().out
    assert card(table, "s7")["price"] == 25_000  # type: ignore[index]


@pytest.mark.stack
def test_extracts_reach_profiles(
    shop: tuple[DynamoTable, S3Objects], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Those of the example store: who has logged in, members, and what they bought; the inbox is empty afterwards."""
    table, lake = shop
    lake.put("crm/inbox/logins.csv.gz", gzip.compress(b"visitor,email_sha256,card\nv1,,700 1\n"))
    lake.put(
        "crm/inbox/members.csv.gz",
        gzip.compress(b"card,email,phone,member_since,points,diet\n7001,,,2019-11-22,50,vegan\n"),
    )
    receipt = {"card": "7001", "receipt": "r1", "at": "2026-11-20T18:00", "sku": "s1", "quantity": 2, "amount": "5.00"}
    lake.put("crm/inbox/tills.jsonl.gz", gzip.compress(orjson.dumps(receipt)))
    assert run(crm_command, "--store", str(ROOT / "store")) == 0
    told = capsys.readouterr().out
    assert "extract tills: 1 rows, 0 bad, 0 of nobody we know; 0 identifiers learned, 1 profiles, 1 purchases" in told
    key = keys.profile("v1")
    profile = parse_profile(table.read([key], 5.0, latest=True)[key], datetime.now(UTC)).profile
    assert profile.attributes == {"registered_on": "2019-11-22", "bonus_points": 50, "diet": "vegan"}
    assert list(profile.bought_since(0)) == ["s1"]
    assert list(lake.names("crm/")) == []
    copy = tmp_path / "members.csv"
    copy.write_text("card,email,phone,member_since,points,diet\n7001,,,2019-11-22,60,\n")
    assert run(crm_command, "members", "--file", str(copy), "--store", str(ROOT / "store")) == 0
    profile = parse_profile(table.read([key], 5.0, latest=True)[key], datetime.now(UTC)).profile
    assert profile.attributes == {"registered_on": "2019-11-22", "bonus_points": 60}
