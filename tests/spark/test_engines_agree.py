"""Every SQL file gives the same rows on DuckDB and on Spark, and so do the lists that are built from them."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.spark.mini_store import REGIONS, write_store
from tests.spark.rig import Rig, difference
from tests.spark.world import AS_OF_MS, NAMES, OTHERWISE, parameters
from vitrine.catalog.packed import unpack
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import build_lists

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")

SOURCES = Path(__file__).parents[2] / "layers" / "vitrine" / "vitrine" / "refresh"
READ = re.compile(r'\.columns\(\s*"(\w+)"')
PACKED = ("related", "shelves", "personal")  # whose names come from a list


def read_in_columns() -> list[str]:
    """Files that somebody reads in columns, for their own code to work on."""
    texts = (path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    return sorted({name for text in texts for name in READ.findall(text)}.union(PACKED))


IN_COLUMNS = read_in_columns()
BRANCHES = [
    (name, branch) for name in NAMES for branch in OTHERWISE if parameters(name) != parameters(name, branch)
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name not in IN_COLUMNS])
def test_a_file_gives_the_same_rows_on_both_engines(rig: Rig, name: str) -> None:
    """Over the same tables, numbers up to a millionth; and there is something to compare."""
    ours, theirs = rig.run(name)
    assert ours
    assert difference(ours, theirs) == ""


@pytest.mark.parametrize(("name", "branch"), BRANCHES)
def test_a_file_does_so_with_other_values(rig: Rig, name: str, branch: str) -> None:
    """Files that look at the past, or take what an operator has accepted, go another way there."""
    assert difference(*rig.run(name, branch)) == ""


@pytest.mark.parametrize("name", IN_COLUMNS)
def test_columns_have_the_same_types_and_order(rig: Rig, name: str) -> None:
    """Whoever packs, trains or scores gets the same arrays, so that nothing downstream depends on the engine."""
    ours, theirs = rig.columns(name)
    assert all(len(values) for values in ours.values())
    assert {column: values.dtype for column, values in ours.items()} == {
        column: values.dtype for column, values in theirs.items()
    }
    for column, values in ours.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, theirs[column], rtol=1e-5, err_msg=column)
        else:
            assert values.tolist() == theirs[column].tolist(), column


@pytest.mark.parametrize(
    ("name", "sabotage"),
    [
        ("item_index", ("order by item)", "order by item desc)")),
        ("sales", ("quantity > 0", "quantity > 1")),
        ("visitor_baskets", ("order by at_ms, session", "order by at_ms desc, session")),
    ],
)
def test_a_sabotaged_file_differs(rig: Rig, name: str, sabotage: tuple[str, str]) -> None:
    """Negative control: what one engine does otherwise is seen."""
    assert difference(*rig.run(name, sabotage=sabotage)) != ""


def test_the_lists_are_the_same_on_both_engines(rig: Rig, tmp_path: Path) -> None:
    """From the lake to packed rows: the account, every table's items in order, and their columns."""
    built, accounts = [], []
    lake = write_store(tmp_path / "lake")
    with Engine(Limits(threads=1)) as duck, rig.another(tmp_path) as spark:
        for engine in (duck, spark):
            accounts.append(engine.load_lake(lake, AS_OF_MS))
            lists = build_lists(engine, REGIONS, AS_OF_MS, lambda *_: None)
            built.append({key: unpack(row["table"]) for key, row in lists.rows("r")})
    assert accounts[0] == accounts[1]
    ours, theirs = built
    assert list(ours) == list(theirs)
    assert len(ours) > 100
    for key, table in ours.items():
        assert table.ids == theirs[key].ids, key
        for column, values in table.columns.items():
            np.testing.assert_allclose(values, theirs[key].columns[column], rtol=2e-3, err_msg=f"{key} {column}")
