"""The lake of the refresh bench: real baskets in any number, and the figures that are told of them."""

import json
from pathlib import Path

import duckdb
import pytest

from tests.bench import refresh
from tests.bench.enlarge import JITTER_MS, Enlarged, enlarge
from tests.bench.harness import BenchFailed
from tests.bench.refresh import Measured, exponent, report
from tests.fixtures.lake.builders import Good, Sale, write_lake

LEAVES = ("grocery/soup/condensed", "grocery/soup/dry")
GOODS = [Good(f"{leaf[-3:]}{number}", leaf) for leaf in LEAVES for number in range(20)]
SALES = [
    Sale(f"h{visitor}", f"{visitor}-{basket}", basket, GOODS[(7 * visitor + 3 * basket + line) % 40].item)
    for visitor in range(12)
    for basket in range(5)
    for line in range(4)
]


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """240 purchases of twelve visitors."""
    return write_lake(tmp_path / "source", GOODS, SALES)


def rows(lake: Path, sql: str) -> list[tuple]:
    """Rows of a query over the events and items of a lake."""
    with duckdb.connect() as db:
        db.read_parquet(str(lake / "events/import/*.parquet")).create_view("events")
        db.read_parquet(str(lake / "catalog/items.parquet")).create_view("items")
        return db.execute(sql).fetchall()


def test_there_are_as_many_events_as_asked_for_of_whole_visitors(source: Path, tmp_path: Path) -> None:
    """600 events are 30 visitors of 20 lines: two and a half times the twelve."""
    made = enlarge(source, tmp_path / "lake", 600, quiet)
    assert (made.events, made.visitors, made.copies) == (600, 30, 3)
    assert rows(made.lake, "select distinct count(*) from events group by visitor") == [(20,)]
    assert rows(made.lake, "select count(distinct session), count(distinct id) from events") == [(150, 600)]
    with duckdb.connect() as db:
        visitors = db.read_parquet(str(made.lake / "visitors/visitors.parquet"))
        assert visitors.aggregate("count(distinct visitor)").fetchall() == [(30,)]


def test_the_first_copy_is_the_original(source: Path, tmp_path: Path) -> None:
    """Neither items nor times are changed in it."""
    made = enlarge(source, tmp_path / "lake", 500, quiet)
    columns = "visitor, session, item, at_ms, quantity, price, regular_price, region"
    first = rows(
        made.lake,
        f"select {columns.replace('visitor,', 'left(visitor, -2),').replace('session,', 'left(session, -2),')} "
        "from events where visitor like '%-0' order by all",
    )
    assert first == rows(source, f"select {columns} from events order by all")


def test_copies_exchange_items_within_their_type_and_move_whole_baskets(source: Path, tmp_path: Path) -> None:
    """Each item stands for one other of its type throughout a copy, some for another one; a basket stays one."""
    made = enlarge(source, tmp_path / "lake", 480, quiet)
    pairs = rows(
        made.lake,
        "select x.item, y.item, count(*), a.category = b.category from events as x "
        "join events as y on y.visitor = left(x.visitor, -2) || '-1' and y.id = left(x.id, -2) || '-1' "
        "join items as a on a.item = x.item join items as b on b.item = y.item "
        "where x.visitor like '%-0' group by all",
    )
    known = {item for item, *_ in pairs}
    assert len(pairs) == len(known) == len({other for _, other, *_ in pairs})
    assert all(same for *_, same in pairs)
    assert sum(item != other for item, other, *_ in pairs) > len(pairs) / 3
    moved = rows(
        made.lake,
        "select distinct y.at_ms - x.at_ms from events as x join events as y on y.id = left(x.id, -2) || '-1' "
        "where x.visitor like '%-0'",
    )
    assert len(moved) > 20
    assert all(abs(by) <= JITTER_MS for (by,) in moved)
    assert rows(made.lake, "select max(n) from (select count(distinct at_ms) as n from events group by session)") == [
        (1,)
    ]


def test_the_same_lake_comes_out_each_time(source: Path, tmp_path: Path) -> None:
    """Everything is decided by hashes."""
    lakes = [enlarge(source, tmp_path / name, 700, quiet).lake for name in ("one", "two")]
    one, two = (rows(lake, "select * from events order by all") for lake in lakes)
    assert one == two


def test_a_full_disk_is_told_before_anything_is_written(source: Path, tmp_path: Path) -> None:
    """A bench must not fill the machine."""
    with pytest.raises(BenchFailed, match="of disk"):
        enlarge(source, tmp_path / "lake", 10**15, quiet)
    assert not (tmp_path / "lake").exists()


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_the_slope_in_logarithms(power: float) -> None:
    """Ten times the events take ten to that power of the time; one size tells nothing."""
    sizes = [10**6, 10**7, 10**8]
    assert exponent(sizes, [3.0 * n**power for n in sizes]) == pytest.approx(power)
    assert exponent(sizes[:1], [1.0]) is None


def test_the_report_ends_in_its_json_line() -> None:
    """Rates are of the largest size, memory is the most of all; steps stand by their time."""
    lake = Enlarged(Path(), 1_000, 10, 1, 2**20)
    found = [
        Measured(lake, 1_000, 40, 2**20, 0.4, 0.0, {"sales": (1.0, 1.5), "rows": (0.5, 0.5)}),
        Measured(lake, 10_000, 50, 2**20, 1.2, 0.3, {"sales": (4.0, 7.5), "rows": (11.0, 11.0)}),
    ]
    *lines, last = report(found)
    summary = json.loads(last)
    assert list(summary)[:5] == ["bench", "events", "rows_per_s", "peak_gb", "exponent"]
    assert (summary["events"], summary["rows_per_s"], summary["peak_gb"], summary["exponent"]) == (10_000, 667, 1.2, 1)
    steps = [line.split()[0] for line in lines if line.startswith(("sales", "rows"))]
    assert steps == ["rows", "sales"]
    assert refresh.report(found[:1])[-1].endswith('"exponent":null,"seconds":1.5,"spilled_gb":0.0}')
