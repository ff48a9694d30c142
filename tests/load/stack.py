"""The stack as `make demo` runs it, as the subject: gateway, runtime client and emulator with all they cost.

A running demo is asked as its households, about what they buy; else a stack is started on free ports and given a small
shop of test data. Its figures are those of this machine with everything on it, not of a core.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import duckdb

from tests.bench.canned_data import Canned
from tests.bench.harness import ROOT, BenchFailed
from tests.load.rig import Rig, Size, fetched, open_generator
from tests.load.traffic import Mix, Population
from tests.load.world import make_world
from vitrine.adapters.dynamodb_items import to_item
from vitrine.cli.target import find_settings
from vitrine.local.resources import Boto, client
from vitrine.local.stack import LocalStack
from vitrine.ports import Progress
from vitrine.refresh.lake_files import ITEMS, PURCHASES
from vitrine.visitors.identity import TokenKeys, parse_keys

SMALL: Final = Size(visitors=500, items=500)
"""The emulator takes some two thousand writes a second."""

PREPARED: Final = 5_000
WRITE_BATCH: Final = 25  # BatchWriteItem's limit
MOST_ITEMS: Final = 5_000
SOLD: Final = """
    select item, min(category) from read_parquet($purchases) as sold join read_parquet($items) as goods using (item)
    group by item order by count(*) desc, item limit $n
"""
VISITORS: Final = "select visitor from read_parquet($purchases) group by visitor order by count(*) desc, visitor"


@contextmanager
def open_stack(url: str | None, state: Path, size: Size, mix: Mix, seed: int, progress: Progress) -> Iterator[Rig]:
    """A rig over a stack: the demo that answers at `url` with its `state` folder, or one of our own.

    Raises:
        BenchFailed: nothing answers there, or the folder does not tell of a running demo.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-load-")))
        if url is None:
            url, population, keys = stack.enter_context(own_stack(folder / "state", size, progress))
        else:
            population, keys = demo_of(url, state)
        yield Rig(url, folder, stack.enter_context(open_generator(url, folder, population, keys, mix, seed, PREPARED)))


@contextmanager
def own_stack(state: Path, size: Size, progress: Progress) -> Iterator[tuple[str, Population, TokenKeys]]:
    """A stack of the template with a small shop in it, on free ports."""
    canned, population = make_world(ROOT, progress, size.visitors, size.items)
    with LocalStack(
        ROOT / "template.yaml",
        state,
        concurrency=size.environments,
        environment={"VITRINE_BUNDLE": str(ROOT)},
        parameters={"CodeSha256": "0" * 64},
        log=lambda name, line: None,
    ) as running:
        variables = running.environment("DecideFunction")
        fill(running, variables["VITRINE_TABLE"], variables["VITRINE_RELEASES_BUCKET"], canned, progress)
        keys = keys_in(running.client("secretsmanager"), variables["VITRINE_TOKEN_SECRET"])
        for function in ("DecideFunction", "CollectFunction"):
            running.warm(function)
        yield running.url, population, keys


def fill(running: LocalStack, table: str, bucket: str, canned: Canned, progress: Progress) -> None:
    """Put the shop into the emulator; its release's objects before the pointer to them."""
    s3, dynamodb, rows = running.client("s3"), running.client("dynamodb"), list(canned.rows.items())
    for name, data in canned.objects.items():
        s3.put_object(Bucket=bucket, Key=name, Body=data)
    for at in range(0, len(rows), WRITE_BATCH):
        puts = [{"PutRequest": {"Item": to_item(key, row)}} for key, row in rows[at : at + WRITE_BATCH]]
        dynamodb.batch_write_item(RequestItems={table: puts})
        progress("fill the emulator", min(at + WRITE_BATCH, len(rows)), len(rows))


def keys_in(secrets: Boto, name: str) -> TokenKeys:
    """The token keys in a secret of an emulator."""
    return parse_keys(secrets.get_secret_value(SecretId=name)["SecretString"])


def demo_of(url: str, state: Path) -> tuple[Population, TokenKeys]:
    """Households, best sold items and categories of a running demo, and its token keys.

    Raises:
        BenchFailed: as `open_stack`.
    """
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname not in ("127.0.0.1", "localhost") or address.port is None:
        raise BenchFailed(f"{url} is not an address of this machine, such as http://127.0.0.1:8080")
    settings = find_settings(argparse.Namespace(stack_state=state))  # also lets AWS's variables lead to its emulator
    keys = keys_in(client("secretsmanager", os.environ["AWS_ENDPOINT_URL"]), settings.token_secret)
    files = {"items": str(state / "lake" / ITEMS), "purchases": str(state / "lake" / PURCHASES)}
    if missing := [path for path in files.values() if not Path(path).exists()]:
        raise BenchFailed(f"{missing[0]} is not there; the demo's set-up is not through yet")
    with duckdb.connect() as engine:
        sold = engine.execute(SOLD, files | {"n": MOST_ITEMS}).fetchall()
        visitors = engine.execute(VISITORS, {"purchases": files["purchases"]}).fetchall()
    try:
        fetched(f"{url}/v1/none")
    except HTTPError as error:
        error.close()  # somebody is there, and says that there is no such route
    except URLError as error:
        raise BenchFailed(f"nothing answers at {url}: {error.reason}") from error
    return Population(
        [one for (one,) in visitors], [item for item, _ in sold], sorted({path for _, path in sold})
    ), keys
