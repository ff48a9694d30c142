"""Loading a lake: where events come from, which of them count, and the account of the others."""

import gzip
from datetime import timedelta

import pytest

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake, write_table
from tests.fixtures.lake.raw_lines import DAY_MS, NOW, NOW_MS, event, lines, object_name
from vitrine.adapters.memory import MemoryObjects
from vitrine.errors import InvalidSource, TooLittleData
from vitrine.refresh.compaction import compact
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.history import first_purchase_ms
from vitrine.refresh.lake import IMPORTED, BotRule
from vitrine.refresh.lake_account import LakeAccount
from vitrine.refresh.lake_files import fetch_lake, name_lake_files
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.lists import Regions, build_lists

REGIONS = Regions(("north", "south"), "north")
GOODS = [Good("a"), Good("b")]


def silent(stage, done, total):
    """Progress that nobody watches."""


def empty_lake(folder):
    """A lake with a catalogue and nothing else."""
    lake = write_lake(folder, GOODS, [])
    (lake / "events" / "import" / "purchases.parquet").unlink()
    (lake / "visitors" / "visitors.parquet").unlink()
    return lake


def collect(lake, *events, number=0, arrived=NOW):
    """Put an object of the stream into a lake folder."""
    FolderObjects(lake).put(object_name(arrived, number), gzip.compress(lines(*events), 1))


def bought(n, **fields):
    """The n-th purchase of a visitor."""
    known = {"id": f"p{n}", "kind": "purchase", "session": f"s{n}", "price": 100, "at_ms": NOW_MS - n * DAY_MS}
    return event(**known | fields)


def write_import(lake, name, rows, columns=tuple(IMPORTED)):
    """A file of the import."""
    types = {column: IMPORTED[column] for column in columns}
    write_table(lake / "events" / "import" / name, types, [[row.get(column) for column in columns] for row in rows])


def loaded(lake, now_ms=NOW_MS, bots=None):
    """An engine that has loaded a lake, which the caller closes, and its account."""
    engine = Engine(Limits(threads=1), bots=bots)
    return engine, engine.load_lake(lake, now_ms)


def test_an_empty_lake_is_empty_tables(tmp_path):
    """No events and no visitors are no crash: the account says so, and lists are refused for too little."""
    engine, account = loaded(empty_lake(tmp_path))
    with engine:
        assert [engine.count(table) for table in ("items", "visitors", "events")] == [2, 0, 0]
        assert account.missing == ("visitors/visitors.parquet", "events/import/*.parquet")
        assert account.summary == "the lake holds no event that counts (0 read)"
        assert account.section().tone == "bad"
        with pytest.raises(InvalidSource, match="nothing was bought"):
            build_lists(engine, REGIONS, NOW_MS, silent)
        with pytest.raises(TooLittleData):
            first_purchase_ms(engine)


def test_an_empty_folder_says_what_is_missing(tmp_path):
    """Without a catalogue nothing can be shown, and an empty one in its place would delete every card."""
    with Engine() as engine, pytest.raises(InvalidSource, match=r"items\.parquet is missing"):
        engine.load_lake(tmp_path)


def test_every_file_of_the_import_is_read(tmp_path):
    """Purchases, views and offline orders stand side by side, whatever the order and width of their columns."""
    lake = write_lake(tmp_path, GOODS, [Sale("h1", "s1", 0, "a")])
    write_import(lake, "views.parquet", [{"id": "w1", "visitor": "h1", "kind": "view", "at_ms": at_ms(1), "item": "b"}])
    order = {"id": "o1", "visitor": "h2", "kind": "purchase", "at_ms": at_ms(2), "item": "b", "quantity": 2}
    write_import(lake, "orders.parquet", [order], tuple(reversed(IMPORTED)))
    engine, account = loaded(lake)
    with engine:
        found = engine.execute("select visitor, kind, item, quantity, session from events order by at_ms")
    assert found == [
        ("h1", "purchase", "a", 1, "s1"),
        ("h1", "view", "b", 1, "w1"),
        ("h2", "purchase", "b", 2, "o1"),
    ]
    assert account.rows == {"imported": 3}


def test_a_file_of_the_import_lacks_a_column(tmp_path):
    """It is named with the column."""
    lake = write_lake(tmp_path, GOODS, [])
    write_import(lake, "views.parquet", [], ("id", "visitor", "kind"))
    with Engine() as engine, pytest.raises(InvalidSource, match=r"views\.parquet lacks the column at_ms"):
        engine.load_lake(lake)


def test_a_file_of_the_import_has_a_column_of_the_wrong_type(tmp_path):
    """Text where numbers belong is refused, not guessed."""
    lake = write_lake(tmp_path, GOODS, [])
    types = IMPORTED | {"at_ms": "varchar"}
    row = {"id": "w", "visitor": "v", "kind": "view", "at_ms": "yesterday"}
    write_table(lake / "events/import/views.parquet", types, [[row.get(column) for column in types]])
    with Engine() as engine, pytest.raises(InvalidSource, match="yesterday"):
        engine.load_lake(lake)


def test_a_damaged_daily_file_is_named(tmp_path):
    """The refresh stops and says which, instead of going on with a day less."""
    lake = empty_lake(tmp_path)
    FolderObjects(lake).put("events/daily/day=2026-11-22/x-v1.parquet", b"PAR?")
    with Engine() as engine, pytest.raises(InvalidSource, match=r"x-v1\.parquet"):
        engine.load_lake(lake)


def test_daily_files_and_waiting_objects_count_once(tmp_path):
    """What is compacted, what waits, and what stands in both or in the import as well: each event once."""
    lake = write_lake(tmp_path, GOODS, [Sale("h1", "s1", 0, "a")])
    collect(lake, event(id="e1"), event(id="e2"), event(id="s1-a", visitor="h1", kind="purchase", at_ms=at_ms(0)))
    compact(FolderObjects(lake), NOW, silent, keep_days=4000)
    collect(lake, event(id="e2"), event(id="e3"), b"{", number=1)
    engine, account = loaded(lake)
    with engine:
        assert engine.execute("select session, count(*) from events group by all order by all") == [("s1", 4)]
    assert account.rows == {"imported": 1, "collected": 3, "collected, not yet compacted": 2}
    assert account.left_out == {"duplicate": 2, "not a JSON object": 1}
    assert account.events == 4


def test_of_the_stream_only_what_waits_is_copied(tmp_path):
    """A refresh copies the daily files and the objects since the last compaction, not every object of the stream."""
    bucket = MemoryObjects({"catalog/items.parquet": b"x"})
    for number in range(20):
        bucket.put(object_name(number=number), lines(event(id=f"e{number}")))
    compact(bucket, NOW, silent)
    bucket.put(object_name(NOW + timedelta(hours=1)), lines(event(id="late")))
    fetch_lake(bucket, tmp_path, silent)
    copied = list(FolderObjects(tmp_path).names("events/raw/"))
    assert copied == [object_name(NOW + timedelta(hours=1))]
    assert len(list(FolderObjects(tmp_path).names("events/daily/"))) == 1


def test_a_lake_in_a_bucket_is_named():
    """For an engine that reads the bucket itself: the files with their addresses; objects of the stream are not."""
    names = ["catalog/items.parquet", "events/import/views.parquet", "events/daily/day=2026-11-22/x-v1.parquet"]
    files = name_lake_files(MemoryObjects(dict.fromkeys([*names, object_name()], b"x")), "s3://lake")
    assert [files.items, *files.imports, *files.daily] == [f"s3://lake/{name}" for name in names]
    assert (files.visitors, files.pending) == (None, None)
    with pytest.raises(InvalidSource, match=r"s3://lake/catalog/items\.parquet"):
        name_lake_files(MemoryObjects(), "s3://lake")


def test_a_third_of_garbage_leaves_the_rest(tmp_path):
    """The lists are those of the good lines alone; the account counts the garbage and warns."""
    good = [bought(n, visitor=f"v{n % 9}", id=f"p{n}") for n in range(70)]
    dirty = [b'{"id": 1', b"\xff\xfe", b"[]"] * 10
    for lake, some in ((tmp_path / "clean", good), (tmp_path / "dirty", [*dirty, *good])):
        collect(empty_lake(lake), *some)
    best = []
    for folder in ("clean", "dirty"):
        engine, account = loaded(tmp_path / folder)
        with engine:
            best.append(list(build_lists(engine, REGIONS, NOW_MS, silent).rows("r")))
    assert best[0] == best[1]
    assert account.left_out == {"not a JSON object": 30}
    assert account.section().tone == "warning"


def test_clocks_that_are_wrong_are_left_out(tmp_path):
    """Imported and collected alike: more than a day ahead, or before 1970. Without a clock nothing is ahead."""
    lake = empty_lake(tmp_path)
    instants = {"past": NOW_MS - DAY_MS, "ahead": NOW_MS + DAY_MS, "future": NOW_MS + DAY_MS + 1}
    collect(lake, *(bought(1, id=name, at_ms=ms) for name, ms in instants.items()))
    rows = [bought(1, id=f"i-{name}", at_ms=ms) for name, ms in (instants | {"never": -1}).items()]
    write_import(lake, "orders.parquet", [*rows, bought(1, id="odd", kind="dance"), bought(1, id=None)])
    engine, account = loaded(lake)
    with engine:
        assert account.left_out == {
            "a field is missing or of the wrong type": 1,
            "before 1970": 1,
            "in the future": 2,
            "unknown kind": 1,
        }
        assert account.events == 4
        assert engine.load_lake(lake).events == 6


def test_unknown_items_are_counted(tmp_path):
    """They count as events, and no list shows them."""
    lake = empty_lake(tmp_path)
    collect(lake, bought(1), bought(2, item="gone"), event(id="x", item="gone"), event(id="y", item=None))
    engine, account = loaded(lake)
    with engine:
        assert (account.events, account.unknown_items) == (4, 2)
        assert build_lists(engine, REGIONS, NOW_MS, silent).bestsellers("north", 1) == ["a"]


@pytest.mark.parametrize(
    "events",
    [
        [bought(0)],
        [bought(0, id=f"p{n}", visitor=f"v{n}", session=f"s{n}") for n in range(50)],
        [bought(n) for n in range(50)],
    ],
    ids=["one event", "all at one instant", "one visitor"],
)
def test_thin_data_gives_lists(tmp_path, events):
    """One event, one instant or one visitor is enough for a shelf."""
    lake = empty_lake(tmp_path)
    collect(lake, *events)
    engine, account = loaded(lake)
    with engine:
        assert account.events == len(events)
        lists = build_lists(engine, REGIONS, NOW_MS + 1, silent)
    assert lists.bestsellers("north", 1) == ["a"]


@pytest.mark.parametrize("per_day", [100_000, 250], ids=["on one day", "over a year"])
def test_a_bot_is_left_out(tmp_path, per_day):
    """A visitor with 100,000 purchases changes no list, whether in one day or a few hundred a day."""
    lake = empty_lake(tmp_path)
    collect(lake, *(bought(n, visitor=f"v{n}") for n in range(20)))
    deeds = {"item": "b", "quantity": 1, "kind": "purchase", "visitor": "bot", "price": 100, "session": "s"}
    with_bot = [deeds | {"id": f"b{n}", "at_ms": NOW_MS - n // per_day * DAY_MS} for n in range(100_000)]
    collect(lake, *with_bot, number=1)
    engine, account = loaded(lake)
    with engine:
        assert (account.bots, account.bot_events, account.events) == (1, 100_000, 20)
        assert "1 bots with 100,000 events left out" in account.summary
        assert build_lists(engine, REGIONS, NOW_MS + 1, silent).bestsellers("north", 1) == ["a"]


def test_impressions_make_no_bot(tmp_path):
    """What a visitor was shown is not their deed, however much it was; the limits themselves are allowed."""
    lake = empty_lake(tmp_path)
    shown = [event(id=f"i{n}", kind="impression", item=None) for n in range(20)]
    collect(lake, *shown, *(event(id=f"w{n}") for n in range(5)), *(event(id=f"x{n}", visitor="v2") for n in range(6)))
    engine, account = loaded(lake, bots=BotRule(day=5, total=100))
    with engine:
        assert (account.bots, account.bot_events, account.events) == (1, 6, 25)


def test_the_account_is_a_section(tmp_path):
    """Sources, reasons, bots and days stand in the report; an instant that no calendar holds breaks nothing."""
    account = LakeAccount(
        rows={"imported": 100}, left_out={"duplicate": 40}, bots=2, bot_events=9, unknown_items=3, events=60,
        first_ms=NOW_MS, last_ms=10**18,
    )  # fmt: skip
    section = account.section()
    assert section.tone == "good"
    assert section.verdict == (
        "60 events of 2026-11-22 to 1000000000000000000 ms, 100 read, 40 duplicate; 2 bots with 9 events left out; "
        "3 of items that the catalogue lacks"
    )
    assert [figure.caption for figure in section.figures] == ["Read", "Left out", "Of no use to the lists"]
    assert LakeAccount(rows={"x": 90}, left_out={"unknown kind": 10}, events=80).tone == "warning"
