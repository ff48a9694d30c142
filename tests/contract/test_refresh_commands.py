"""`vitrine refresh`, `plan`, `publish`, `releases` and `rollback` against the local stack."""

import os
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from uuid import uuid4

import orjson
import pytest

from tests.contract.local_stack import maker
from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.cli import main
from vitrine.local.pool import aws_variables
from vitrine.refresh.published import read_pointer
from vitrine.types import Absent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Three visitors who buy bread and butter for ten weeks."""
    goods = [Good("bread"), Good("butter", "grocery/dairy/butter"), Good("jam", "grocery/spreads/jam")]
    sales = [
        Sale(f"h{visitor}", f"{visitor}-{week}", 7 * week, item)
        for visitor in range(3)
        for week in range(10)
        for item in ("bread", "butter", "jam")[: 2 + visitor % 2]
    ]
    return write_lake(tmp_path / "lake", goods, sales)


@pytest.fixture
def lake_bucket(
    stack: str, new_bucket: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> S3Objects:
    """An environment as a function has it, over a fresh table and fresh buckets; the bucket of the lake."""
    copytree(ROOT / "store", tmp_path / "bundle" / "store")
    ranker = tmp_path / "bundle" / "models" / "ranker"
    ranker.mkdir(parents=True)
    model, manifest = make_ranker_files(*make_network(1))
    (ranker / "model.onnx").write_bytes(model)
    (ranker / "manifest.json").write_bytes(manifest)
    name = f"refresh-commands-{uuid4().hex[:8]}"
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
    return S3Objects(bucket, make_client=maker("s3", stack))


def open_table(stack: str) -> DynamoTable:
    """The table of that environment."""
    make = maker("dynamodb", stack)
    return DynamoTable(os.environ["VITRINE_TABLE"], make_reader=make, make_writer=make)


@pytest.mark.stack
def test_refresh_list_and_roll_back(
    lake_bucket: S3Objects, lake: Path, stack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two refreshes, one from a folder and one from the bucket; the first comes back by a rollback."""
    table = open_table(stack)
    assert main(["refresh", "--cards", "--lake", str(lake)]) == 0
    first, card = read_pointer(table), keys.card("jam")
    assert first is not None
    assert not isinstance(table.read([card], 5.0, latest=True)[card], Absent)
    for path in lake.rglob("*.parquet"):
        lake_bucket.upload(path, path.relative_to(lake).as_posix())
    assert main(["refresh"]) == 0
    second = read_pointer(table)
    assert second is not None
    assert second.previous == first.release
    assert main(["rollback"]) == 0
    assert main(["releases"]) == 0
    printed = capsys.readouterr().out
    assert "3 cards written" in printed
    assert f"{first.release} is current; {second.release} is kept" in printed
    lines = printed.splitlines()[-2:]
    assert [line.split()[:2] for line in lines] == [[second.release, "previous"], [first.release, "current"]]


@pytest.mark.stack
def test_plan_publish_and_back(
    lake_bucket: S3Objects, lake: Path, stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed folder is planned, refused whole with a fault in it, published without its fault, and taken back."""
    table = open_table(stack)
    folder = tmp_path / "mine"
    copytree(ROOT / "store", folder)
    assert main(["publish", str(folder)]) == 1
    assert "run vitrine refresh first" in capsys.readouterr().err
    assert main(["refresh", "--lake", str(lake)]) == 0
    first = read_pointer(table)
    assert first is not None
    assert main(["publish", str(folder)]) == 1
    assert "there is no category 'grocery/domestic-wine'" in capsys.readouterr().err
    publish = ["publish", str(folder), "--allow-unknown"]  # the lake sells bread, butter and jam
    assert main(publish) == 0
    assert "has these files already" in capsys.readouterr().out

    placements = folder / "placements.yaml"
    text = placements.read_text()
    placements.write_text(text.replace('title: {en: "Picked for you"', 'title: {en: "Chosen for you"', 1))
    assert main(["plan", str(folder), "--visitor", "h1", "--json"]) == 0
    plan = orjson.loads(capsys.readouterr().out)
    assert (plan["before"], plan["source"]) == (first.release, "made_up")
    assert plan["report"]["placements"]["home.recs"]["changed"] == plan["report"]["placements"]["home.recs"]["views"]
    assert main(["plan", str(folder), "--visitor", "h1"]) == 0
    planned = capsys.readouterr()
    assert "would change" in planned.out
    assert "warning: " in planned.err

    fixed = placements.read_text()
    placements.write_text(fixed.replace("pages: [home]", "pages: [house]", 1))
    for command in ("plan", "publish"):
        assert main([command, str(folder)]) == 1
        assert "placements.yaml:" in capsys.readouterr().err
    assert read_pointer(table) == first

    placements.write_text(fixed)
    assert main(publish) == 0
    second = read_pointer(table)
    assert second is not None
    assert (second.lists, second.previous) == (first.release, first.release)
    told = capsys.readouterr().out
    assert "placements: changed home.recs" in told
    assert f"{second.release} is current" in told
    assert main(["releases"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"lists of {first.release}" in lines[0]
    assert "lists of its own" in lines[1]
    assert main(["rollback"]) == 0
    back = read_pointer(table)
    assert back is not None
    assert (back.release, back.lists, back.previous, back.previous_lists) == (first.release,) * 2 + (
        second.release,
        first.release,
    )
