"""What Spark needs beside the files: its words for our SQL, values in and out, and its faults in ours."""

from pathlib import Path

import numpy as np
import pytest
from pyspark.errors import PySparkException
from sqlglot.errors import SqlglotError

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from tests.fixtures.lake.raw_lines import event, lines
from tests.spark.rig import Rig
from vitrine.errors import InvalidSource
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.engines import open_engine
from vitrine.refresh.lake_files import name_lake_files
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.spark_dialect import spark_sql
from vitrine.refresh.spark_engine import SparkEngine

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture
def spark(rig: Rig, tmp_path: Path):
    """An engine without tables in the one Spark."""
    with rig.another(tmp_path) as engine:
        yield engine


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("select 1.5 * a from t", "SELECT CAST(1.5 AS DOUBLE) * a FROM t"),
        ("select 2 * a from t", "SELECT 2 * a FROM t"),
        ("select '1.5' from t", "SELECT '1.5' FROM t"),
        ("select a from t where b < $most", "SELECT a FROM t WHERE b < :most"),
        ("select a from t order by a", "SELECT a FROM t ORDER BY a NULLS LAST"),
        ('select a as "similar" from t', "SELECT a AS `similar` FROM t"),
    ],
)
def test_a_select_in_sparks_words(ours, theirs):
    """Numbers with a point are doubles, parameters stay parameters, NULL sorts where it does on DuckDB."""
    assert spark_sql(ours) == theirs


@pytest.mark.parametrize("sql", ["select from where", "select a from t limit 5 offset"])
def test_what_is_no_sql_is_an_error(sql):
    """It does not become another statement."""
    with pytest.raises(SqlglotError):
        spark_sql(sql)


def test_values_come_and_go_with_their_types(spark):
    """Integers by their size, floats, texts and truths, as on DuckDB; NULL only in floats."""
    columns = {"n": [1, 2], "big": [1, 2**40], "x": [0.5, None], "text": ["ё'\\", "$x"], "is_it": [True, False]}
    with Engine(Limits(threads=1)) as duck:
        for engine in (duck, spark):
            engine.put("sales", columns)
            engine.put("item_state", {"item": ["a"], "n": [0]})
        assert sorted(spark.execute("select * from sales")) == sorted(duck.execute("select * from sales"))
        assert spark.fields("sales") == list(columns)
        assert spark.count("sales") == 2
        found = spark.execute("select n from sales where text = $text", {"text": "ё'\\"})
    assert found == [(1,)]


def test_a_list_can_be_bound(spark):
    """As a list of ids to look up; an empty table has columns of text."""
    spark.put("items", {"item": ["a", "b", "c"]})
    spark.put("nobody", {"item": [], "persona": []})
    assert sorted(
        spark.execute("select item from items where list_contains($wanted, item)", {"wanted": ["c", "a"]})
    ) == [
        ("a",),
        ("c",),
    ]
    assert spark.execute("select * from items join nobody on nobody.item = items.item") == []


def test_tables_are_kept_and_replaced(spark):
    """A table is what its file gave when it was made; made once, it stays until a lake is loaded."""
    spark.put("items", {"item": ["b", "a"], "category": ["x/y", "x"], "title": ["B #2", "A"], "brand": ["-", "-"]})
    more = {"price": [1, 2], "regular_price": [1, 2], "margin": [0.1, 0.2], "first_seen_ms": [5, 6]}
    spark.put("items_more", {"item": ["b", "a"], **more, "regions": [["north"], ["south"]]})
    spark.view("known", "select items.*, price, regular_price, margin, first_seen_ms, regions from items "
               "join items_more on items_more.item = items.item")  # fmt: skip
    spark.view("items", "select * from known")
    spark.materialise_once("item_index")
    assert spark.execute("select i, item, regions from item_index order by i") == [
        (0, "a", ["south"]),
        (1, "b", ["north"]),
    ]
    spark.view("items", "select * from known where item = $item", {"item": "b"})
    spark.materialise_once("item_index")
    assert spark.count("item_index") == 2
    spark.materialise("item_index")
    assert spark.count("item_index") == 1


def test_missing_values_are_refused_in_columns(spark):
    """As on DuckDB: NaN in floats, an error in anything else."""
    state = {"item": ["a", "b"], "category": ["x", "y"], "brand": ["-", "-"], "price": [1, 2], "regular_price": [1, 2]}
    rest = {"margin": [0.5, None], "mask": [1, 2], "units": [1.0, 2.0], "age_days": [1.0, 2.0], "n": [0, 1]}
    spark.put("item_state", {**state, **rest})
    found = spark.columns("item_columns")
    assert found["price"].dtype == np.int32
    assert np.isnan(found["margin"][1])
    spark.put("item_state", {**state, **rest, "mask": [1, None]})
    with pytest.raises(InvalidSource, match="'mask' of item_columns has missing values"):
        spark.columns("item_columns")


def test_parquet_is_written_in_order(spark, tmp_path):
    """One file, sorted, that the other engine reads."""
    spark.put("numbers", {"n": [3, 1, 2]})
    assert spark.write_parquet("numbers", "n", tmp_path / "deep" / "n.parquet") == 3
    with Engine(Limits(threads=1)) as duck:
        duck.view_parquet("back", tmp_path / "deep" / "n.parquet")
        assert duck.execute("select n from back") == [(1,), (2,), (3,)]


def test_what_overflows_is_an_error(spark):
    """A wrong number is worse than none."""
    spark.put("numbers", {"n": [2**62, 2**62]})
    with pytest.raises(PySparkException):
        spark.execute("select sum(n * 2) from numbers")


def test_faults_of_the_lake_are_ours(spark, tmp_path):
    """A catalogue that is missing or damaged, and a file that lacks a column, are named."""
    lake = write_lake(tmp_path / "lake", [Good("a")], [Sale("h1", "s1", 0, "a")])
    (lake / "events" / "import" / "views.parquet").write_bytes((lake / "catalog" / "items.parquet").read_bytes())
    with pytest.raises(InvalidSource, match=r"views\.parquet lacks the column id"):
        spark.load_lake(lake)
    (lake / "catalog" / "items.parquet").write_bytes(b"PAR?")
    with pytest.raises(InvalidSource, match=r"items\.parquet is not a Parquet file"):
        spark.load_lake(lake)
    (lake / "catalog" / "items.parquet").unlink()
    with pytest.raises(InvalidSource, match=r"items\.parquet is missing"):
        spark.load_lake(lake)


def test_a_lake_is_read_where_it_lies(spark, tmp_path):
    """As from a bucket: files by their addresses, and of the stream what is compacted."""
    lake = write_lake(tmp_path / "lake", [Good("a")], [Sale("h1", "s1", 0, "a")])
    FolderObjects(lake).put("events/raw/x", lines(event()))
    files = name_lake_files(FolderObjects(lake), f"file://{lake}")
    assert spark.load_files(files, at_ms(9)).events == 1


def test_the_engine_is_chosen_by_name(rig, tmp_path):
    """DuckDB in this process; Spark on a session of its own, which here is the one that runs already."""
    with open_engine("duckdb", Limits(threads=1)) as duck:
        assert isinstance(duck, Engine)
    with rig.another(tmp_path) as spark:
        assert isinstance(spark, SparkEngine)
