"""Refreshes of lakes that are empty, thin or full of nonsense: a clear account, and never worse than before."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.fixtures.lake.builders import Sale, at_ms
from tests.functional.refresh_rig import (
    GOODS,
    N_ITEMS,
    TODAY,
    Shop,
    lake_objects,
    look,
    looks,
    make_bundle,
    open_shop,
    sales,
)
from vitrine import keys
from vitrine.cli import main, refresh_command
from vitrine.refresh.published import read_manifest
from vitrine.refresh.report_page import LATEST

GARBAGE = (
    b"garbage",
    b"",
    b"{}",
    b"[1, 2]",
    b'{"id": "x"',
    b"\xff\xfe",
    b'{"id":"x","visitor":"h0","kind":"view","at_ms":"now","item":"i0"}',
    b'{"id":"x","visitor":"h0","kind":"dance","at_ms":1483272000000,"item":"i0"}',
    b'{"id":"x","visitor":null,"kind":"view","at_ms":1483272000000,"item":"i0"}',
)
Run = Callable[..., tuple[int, list[str], list[str]]]
Objects = dict[str, bytes]


PROGRESS = re.compile(r": (\d+ %|done in )")
"""What stages say of themselves; how much of it depends on how busy the machine is."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store and ranker."""
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def good_lake() -> Objects:
    """A lake without a fault."""
    return lake_objects(sold=sales(), lines=looks())


@pytest.fixture(scope="module")
def served_shop(bundle: Path, good_lake: Objects) -> Shop:
    """A shop that has published the good lake."""
    shop = open_shop(bundle).stock(good_lake)
    shop.refresh()
    return shop


@pytest.fixture
def shop(served_shop: Shop) -> Shop:
    """The same, to be worked on; nothing has been written since."""
    return served_shop.copy()


@pytest.fixture
def command(bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`vitrine refresh` on a shop: exit code and the lines of both streams, without those that tell of progress."""
    for name, value in {"TABLE": "t", "LAKE_BUCKET": "l", "RELEASES_BUCKET": "r", "BUNDLE": str(bundle)}.items():
        monkeypatch.setenv(f"VITRINE_{name}", value)

    def run(shop: Shop, *options: str) -> tuple[int, list[str], list[str]]:
        monkeypatch.setattr(refresh_command, "build_workshop", lambda *asked: shop.workshop)
        capsys.readouterr()
        code = main(["refresh", *options])
        told = capsys.readouterr()
        return code, told.out.splitlines(), [line for line in told.err.splitlines() if not PROGRESS.search(line)]

    return run


def report_of(shop: Shop) -> str:
    """The page that the newest refresh left."""
    page = shop.releases.get(LATEST)
    assert page is not None
    return page.decode()


def test_a_refresh_that_publishes_ends_in_one_line(bundle: Path, good_lake: Objects, command: Run) -> None:
    """Exit code 0, the release and the place of its report on standard output, nothing else."""
    shop = open_shop(bundle).stock(good_lake)
    code, out, err = command(shop)
    assert (code, len(out), err) == (0, 1, [])
    pointer, rows, objects = shop.served()
    assert out[0].startswith(f"release {pointer.release} is current: ")
    assert f"reports/{pointer.release}.html" in out[0]
    assert f"reports/{pointer.release}.html" in objects
    assert {keys.personal("h0", pointer.release), keys.session_row("i0", pointer.release)} <= set(rows)


NOTHING_SOLD = "not enough data yet: the lake holds no purchase; "
UNKNOWN = [replace(sale, item=f"x{sale.item}") for sale in sales()]
UNKNOWN_LOOKS = [one | {"item": f"x{one['item']}"} for one in looks()]
AHEAD = [replace(sale, day=sale.day + 1_000) for sale in sales()]
REFUSED = {
    "an empty lake": (
        dict,
        "catalog/items.parquet is missing in the lake; import a data set or a catalogue feed first",
    ),
    "a catalogue without events": (
        lake_objects,
        f"{NOTHING_SOLD}the lake holds no event that counts (0 read)",
    ),
    "events without a catalogue": (
        lambda: lake_objects(goods=(), sold=sales()),
        "not enough data yet: nothing of the catalogue was bought; 180 events of 2017-01-01 to 2017-02-10, 180 read; "
        "180 of items that the catalogue lacks",
    ),
    "one look at an item": (
        lambda: lake_objects(lines=looks()[:1]),
        f"{NOTHING_SOLD}1 events of 2017-01-01 to 2017-01-01, 1 read",
    ),
    "unknown items only": (
        lambda: lake_objects(sold=UNKNOWN, lines=UNKNOWN_LOOKS),
        "nothing of the catalogue was bought; 420 events of 2017-01-01 to 2017-02-10, 420 read; "
        "420 of items that the catalogue lacks",
    ),
    "a clock that is years ahead": (
        lambda: lake_objects(sold=AHEAD),
        f"{NOTHING_SOLD}the lake holds no event that counts (180 read, 180 in the future)",
    ),
    "garbage only": (
        lambda: lake_objects(lines=GARBAGE),
        f"{NOTHING_SOLD}the lake holds no event that counts (0 read)",
    ),
    "a bot alone": (
        lambda: lake_objects(sold=[Sale("bot", f"b{n}", 3, "i0") for n in range(2_001)]),
        f"{NOTHING_SOLD}the lake holds no event that counts (2,001 read)",
    ),
}
"""Lakes of which nothing can be published, and what is said of them."""


@pytest.mark.parametrize("what", REFUSED)
def test_nothing_to_publish_is_told_in_one_line(what: str, bundle: Path, shop: Shop, command: Run) -> None:
    """Exit code 1; no pointer where there was none, and where there is a release all that it serves stays as it was."""
    make_lake, told = REFUSED[what]
    objects = make_lake()
    for one in (open_shop(bundle), shop):
        before = one.served()
        code, out, err = command(one.stock(objects))
        assert (code, out, len(err)) == (1, [], 1)
        assert err[0].startswith("vitrine refresh: ")
        assert err[0].endswith(told)
        assert one.served() == before


LESS = {
    "most of the catalogue": (lambda: lake_objects(GOODS[:4], sales(), looks()), "4 items instead of 12"),
    "most of the visitors": (lambda: lake_objects(sold=sales(range(4)), lines=looks()), "4 visitors instead of 10"),
    "all that was looked at": (lambda: lake_objects(sold=sales()), "0 items with sessions instead of 12"),
    "all but one purchase": (lambda: lake_objects(sold=sales()[:1], lines=looks()), "1 visitors instead of 10"),
}
"""Lakes that lost something."""


@pytest.mark.parametrize("lost", LESS)
def test_a_release_that_is_far_less_than_the_one_before_is_refused(lost: str, shop: Shop, command: Run) -> None:
    """Pointer, rows, cards and objects stay as they are; the message says what is lacking, and what to do."""
    make_lake, lacking = LESS[lost]
    before = shop.served()
    code, out, err = command(shop.stock(make_lake()))
    assert (code, out, len(err)) == (1, [], 1)
    assert err[0].startswith("vitrine refresh: nothing was published: ")
    assert lacking in err[0]
    assert "--accept-less" in err[0]
    assert shop.served() == before


def test_what_was_accepted_is_the_measure_of_the_next_night(shop: Shop, command: Run) -> None:
    """Whoever has looked at the lake publishes it all the same; after that, as much is enough."""
    before = shop.served()[0]
    shop.stock(LESS["most of the catalogue"][0]())
    assert command(shop, "--accept-less")[0] == 0
    assert shop.served()[0].previous == before.release
    assert keys.card("i11") not in shop.table.rows
    assert command(shop)[0] == 0


def test_a_little_less_is_published(shop: Shop) -> None:
    """Goods come and go: three quarters of them are no fault."""
    before = shop.served()[0]
    published = shop.stock(lake_objects(GOODS[:9], sales(), looks())).refresh()
    assert (published.pointer.previous, published.cards) == (before.release, N_ITEMS - 9)
    assert keys.card("i11") not in shop.table.rows


THIN = {
    "one purchase": lambda: lake_objects(sold=sales()[:1]),
    "one visitor": lambda: lake_objects(sold=sales([0]), lines=looks([0])),
    "one second": lambda: lake_objects(
        sold=[replace(sale, day=3) for sale in sales()], lines=[one | {"at_ms": at_ms(3)} for one in looks()]
    ),
    "one item": lambda: lake_objects(GOODS[:1], [replace(sale, item="i0") for sale in sales()]),
}


@pytest.mark.parametrize("what", THIN)
def test_thin_data_gives_a_release_that_serves(what: str, bundle: Path) -> None:
    """Of a shop's first day lists are made of what there is, and the report is there."""
    young = open_shop(bundle).stock(THIN[what]())
    pointer = young.refresh().pointer
    assert read_manifest(young.releases, pointer).rows == sum(pointer.release in key.sk for key in young.table.rows)
    assert {keys.personal("h0", pointer.release), keys.shelf("north", None, pointer.release)} <= set(young.table.rows)
    assert "Lists: coverage" in report_of(young)


def test_the_same_lake_again_writes_no_rows(shop: Shop) -> None:
    """The new release reads the rows of the first one, and has a report of its own."""
    first, rows, _ = shop.served()
    published = shop.refresh()
    again = published.pointer
    assert (again.previous, again.lists, again.rev) == (first.release, first.release, 2)
    assert (shop.table.written, published.cards, published.retired) == ([], 0, [])
    assert set(shop.table.rows) == set(rows)
    assert shop.releases.get(published.report_name) == published.report.encode() == report_of(shop).encode()
    assert "At least 100 % of each region&#39;s bestsellers" in published.report


def changes_nothing(shop: Shop) -> bool:
    """Whether a refresh of what lies in the lake now publishes the very rows that are served."""
    before = shop.served()[0]
    return shop.refresh().pointer.lists == before.lists and not shop.table.written


def test_garbage_among_the_lines_changes_nothing(shop: Shop) -> None:
    """Three lines in ten are no events: the lists are made of the others, and the report says what was left out."""
    good = looks()
    bad = [GARBAGE[n % len(GARBAGE)] for n in range(3 * len(good) // 7)]
    lines = [line for n in range(len(good)) for line in (*bad[n : n + 1], good[n])]
    assert changes_nothing(shop.stock(lake_objects(sold=sales(), lines=lines)))
    assert f"{len(good)} new events from 1 objects" in report_of(shop)
    assert "Lines left out" in report_of(shop)


def test_clocks_in_the_future_change_nothing(shop: Shop) -> None:
    """Tills and visitors of years to come do not move the instant that lists look back from."""
    late = [Sale("h0", "late", 1_000, "i7"), Sale("h1", "late", 800, "i8")]
    seen = [look("h2", "i9", 1_100, f"x{n}") for n in range(9)]
    assert changes_nothing(shop.stock(lake_objects(sold=[*sales(), *late], lines=[*looks(), *seen])))
    assert "2 in the future" in report_of(shop)


def test_a_clock_that_is_hours_ahead_makes_no_release_of_tomorrow(shop: Shop) -> None:
    """Within a day of now an event counts, but lists look back from now at the latest."""
    objects = lake_objects(sold=[*sales(), Sale("h0", "ahead", TODAY + 0.9, "i7")], lines=looks())
    manifest = read_manifest(shop.releases, shop.stock(objects).refresh().pointer)
    assert manifest.as_of_ms <= manifest.built_at_ms


def test_made_up_items_fill_no_rows(shop: Shop) -> None:
    """Whoever sends looks at items that nobody sells changes no list, nor what comes next after real ones."""
    lines = [look(f"h{n}", f"made up\n{step}", n + step / 1440, f"m{n}") for n in range(9) for step in range(5)]
    lines += [look(f"h{n}", "i0", n + 0.9 / 1440, f"m{n}") for n in range(9)]
    before = shop.served()[0]
    shop.stock(lake_objects(sold=sales(), lines=[*looks(), *lines])).refresh()
    rows = {key for key in shop.table.rows if before.release not in key.sk}
    assert not [key for key in rows if "made up" in key.pk]
    assert "45 of items that the catalogue lacks" in report_of(shop)
    assert all(b"made up" not in bytes(row.get("table", b"")) for row in shop.table.rows.values())


def test_a_bot_is_left_out_and_counted(shop: Shop, good_lake: Objects, tmp_path: Path) -> None:
    """A hundred thousand looks and purchases of one visitor in a day change no list; the report counts them."""
    path = tmp_path / "bot.parquet"
    with duckdb.connect() as connection:
        bot = connection.sql(
            "select cast(range as varchar) as id, 'bot' as visitor, if(range % 2 = 0, 'view', 'purchase') as kind, "
            f"cast({at_ms(5)} + range * 800 as bigint) as at_ms, 'i' || range % {N_ITEMS} as item, 1 as quantity, "
            "100 as price, 100 as regular_price, 'bot' as session, 'north' as region from range(100000)"
        )
        bot.write_parquet(str(path))
    assert changes_nothing(shop.stock(good_lake | {"events/import/bot.parquet": path.read_bytes()}))
    assert "1 bots with 100,000 events left out" in report_of(shop)
