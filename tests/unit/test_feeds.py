"""Feeds held against the catalogue: gates, items held back, changes as events, quarantine, ends at any write."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from tests.functional.release_rig import Fuse, FusedObjects, Killed
from tests.unit.feeds import INBOX, Offer, Rig, form, offers, rows_of, silent, written
from vitrine import keys
from vitrine.catalog.feed_gates import Bounds, Tally, judge
from vitrine.errors import DependencyFailed, InvalidSource
from vitrine.refresh.feed_account import ACCOUNT, feed_section
from vitrine.refresh.feeds import Fetched, Unfetched
from vitrine.refresh.report import Section

N = 400
BASE = offers(N)
ITEMS = "catalog/items.parquet"


def changed(**said: Offer | None) -> list[Offer]:
    """The base with some offers replaced (by `item_<id>`) or, where None, gone."""
    by_id = {f"item_{one.id}": one for one in BASE} | said
    return [one for one in by_id.values() if one is not None]


def kinds(rows: list[dict[str, object]]) -> Counter[object]:
    """How many rows of changes of each kind."""
    return Counter(row["kind"] for row in rows)


@pytest.fixture
def rig() -> Rig:
    """A desk with the base as its catalogue."""
    rig = Rig()
    assert rig.take(BASE).outcome == "accepted"
    return rig


def refused(rig: Rig, account) -> set[str]:
    """The gates that a feed did not pass; asserts that it left everything as it was."""
    assert account.outcome == "quarantined"
    assert f"feeds/quarantine/{account.id}.feed" in rig.lake.objects
    kept = orjson.loads(rig.lake.objects[f"feeds/quarantine/{account.id}.json"])
    assert kept["outcome"] == "quarantined"
    return {gate["name"] for gate in account.facts["gates"] if not gate["passed"]}


@pytest.mark.parametrize(
    ("feed", "gates"),
    [
        (b"", {"empty", "gone"}),
        (written("jsonl", offers(N // 2)), {"gone"}),
        (written("jsonl", offers(N, price="0")), {"zero_prices"}),
        (written("jsonl", offers(N, price="1000.00")), {"jumps", "misprints"}),
        (written("jsonl", offers(N, price="0.10")), {"jumps", "misprints"}),
        (written("jsonl", offers(N, price="16.00")), {"jumps"}),
        (written("jsonl", BASE, "EUR"), {"currencies", "faults"}),
        (written("jsonl", offers(N, stock="out_of_stock")), {"sold_out"}),
        (written("jsonl", BASE) + written("jsonl", offers(20, title="Another")), {"duplicates"}),
        (written("jsonl", BASE) + b"garbage\n" * 200, {"faults"}),
        (b"\x1f\x8b" + bytes(30), {"damaged", "empty", "gone"}),
    ],
    ids=[
        "empty",
        "halved",
        "free",
        "x100",
        "/100",
        "dearer",
        "currency",
        "sold out",
        "duplicates",
        "garbage",
        "broken",
    ],
)
def test_a_broken_feed_goes_into_quarantine(rig: Rig, feed: bytes, gates: set[str]) -> None:
    """For its own reason; catalogue and cards are those of before, byte by byte."""
    before = (rig.lake.objects[ITEMS], dict(rig.table.rows))
    assert refused(rig, rig.take_bytes(feed)) == gates
    assert (rig.lake.objects[ITEMS], rig.table.rows) == before
    assert not [name for name in rig.lake.objects if name.startswith("events/changes/")]


@pytest.mark.parametrize(
    ("feed", "bounds"),
    [
        (offers(N // 2), Bounds(gone=0.6)),
        (offers(N, price="16.00"), Bounds(jumps=1.0)),
        (offers(N, price="16.00"), Bounds(price_jump=0.7)),
        (offers(N, stock="out_of_stock"), Bounds(sold_out=1.0)),
    ],
    ids=["gone", "jumps", "jump", "sold out"],
)
def test_the_gate_and_nothing_else_refused_it(rig: Rig, feed: list[Offer], bounds: Bounds) -> None:
    """Negative control: with that bound moved the same feed passes."""
    rig.bounds = bounds
    assert rig.take(feed).outcome == "accepted"


def test_bounds_are_not_refused_themselves() -> None:
    """Over 20 % gone is refused, 20 % is not."""
    tally = Tally(100, 80, 100, 80, 80, 20, 0, 0, 0, 0, 0, 0, 0)
    assert all(gate.is_passed for gate in judge(tally, Bounds()))
    assert [g.name for g in judge(replace(tally, gone=21), Bounds()) if not g.is_passed] == ["gone"]


def test_few_odd_items_are_held_back_and_the_rest_goes_on(rig: Rig, tmp_path: Path) -> None:
    """An odd price stays what it was, with the stock of the feed; contradictions and bad rows stay as they were."""
    rig.bounds = Bounds(jumps=0.05, misprints=0.05, zero_prices=0.05, duplicates=0.05)
    feed = changed(
        item_0=Offer("0", price="3.00", stock="out_of_stock"),
        item_1=Offer("1", price="1000"),
        item_2=Offer("2", price="0"),
        item_3=Offer("3", price="free"),
        item_4=Offer("4", price="9.00"),
        new_zero=Offer("zero", price="0"),
        new_bad=Offer("bad", price="free"),
        new=Offer("new"),
    )
    account = rig.take([*feed, Offer("5", title="Another pan")])
    assert account.outcome == "accepted"
    assert account.facts["held"] == {"duplicate": 1, "jump": 1, "misprint": 1, "zero price": 2}
    found = {row["item"]: row for row in rig.catalogue(tmp_path)}
    assert [found[item]["price"] for item in "012345"] == [1000, 1000, 1000, 1000, 900, 1000]
    assert [found[item]["regions"] for item in "01"] == [[], ["north", "south"]]
    assert found["5"]["title"] == "Pan 5"
    assert {"zero", "bad"} & found.keys() == set()
    assert "new" in found
    assert len(found) == N + 1
    card = rig.table.rows[keys.card("0")]
    assert (card["price"], card["regions"]) == (1000, 0)
    assert all(row["price"] > 0 for row in rig.table.rows.values())


def test_the_same_row_twice_is_one_item(rig: Rig) -> None:
    """Only a contradiction is a fault."""
    account = rig.take([*BASE, BASE[0]])
    assert (account.outcome, account.facts["held"]) == ("accepted", {})


def test_changes_become_events_once(rig: Rig, tmp_path: Path) -> None:
    """A drop from the declared share on, a rise, stock per region, new and gone; the same feed again tells nothing."""
    feed = changed(
        item_0=Offer("0", price="9.50"),
        item_1=Offer("1", price="9.51"),
        item_2=Offer("2", price="12.00"),
        item_3=Offer("3", stock="out_of_stock"),
        item_4=None,
        fresh=Offer("fresh"),
    )
    account = rig.take(feed)
    rows = rig.changes(tmp_path)
    assert kinds(rows) == {"price_drop": 1, "price_rise": 1, "out_of_stock": 2, "gone": 1, "new": 1}
    by_kind = {row["kind"]: row for row in rows}
    at_ms = int(rig.now.timestamp() * 1000)
    drop = {"item": "0", "kind": "price_drop", "region": None, "before": 1000, "after": 950, "at_ms": at_ms}
    assert by_kind["price_drop"] == drop
    assert {row["region"] for row in rows if row["kind"] == "out_of_stock"} == {"north", "south"}
    assert account.facts["changes"] == {**dict.fromkeys(account.facts["changes"], 0), **kinds(rows)}
    assert rig.take(feed).outcome == "unchanged"
    assert rig.desk.take_file(_file(tmp_path, feed), silent).facts["changes"].keys() == account.facts["changes"].keys()
    assert rig.changes(tmp_path) == rows


def test_what_comes_back_is_not_new(rig: Rig, tmp_path: Path) -> None:
    """It is back in stock, at its old age; also after feeds that did without it."""
    born = {row["item"]: row["first_seen_ms"] for row in rig.catalogue(tmp_path)}
    rig.take(changed(item_7=None, item_8=Offer("8", stock="out_of_stock")))
    rig.take(changed(item_7=None, item_8=Offer("8", stock="out_of_stock"), x=Offer("x")))
    assert keys.card("7") not in rig.table.rows
    rig.take(changed(item_7=Offer("7", price="8.00"), x=Offer("x")))
    rows = [row for row in rig.changes(tmp_path) if row["at_ms"] == int(rig.now.timestamp() * 1000)]
    told = {(row["item"], row["kind"], row["region"]) for row in rows}
    back = {(item, "back_in_stock", region) for item in "78" for region in ("north", "south")}
    assert told == back | {("7", "price_drop", None)}
    assert {row["item"]: row["first_seen_ms"] for row in rig.catalogue(tmp_path)}["7"] == born["7"]


def test_the_first_feed_tells_no_news(tmp_path: Path) -> None:
    """Nobody waits for a whole shop; its items are as old as the feed."""
    rig = Rig()
    account = rig.take(BASE)
    assert rig.changes(tmp_path) == []
    assert sum(account.facts["changes"].values()) == 0
    assert {row["first_seen_ms"] for row in rig.catalogue(tmp_path)} == {int(rig.now.timestamp() * 1000)}


def test_an_imported_catalogue_keeps_its_columns(rig: Rig, tmp_path: Path) -> None:
    """The columns, their order and types are those that the import writes."""
    (tmp_path / "items.parquet").write_bytes(rig.lake.objects[ITEMS])
    import_columns = (
        "item title category brand price regular_price margin url image regions first_seen_ms".split()  # noqa: SIM905
    )
    assert list(rig.catalogue(tmp_path)[0]) == import_columns


def test_an_operator_lets_a_feed_in(rig: Rig, tmp_path: Path) -> None:
    """Exactly the one looked at, with its prices; what nobody can want stays out all the same."""
    account = rig.take([*offers(N // 2, price="20.00"), Offer("free", price="0")])
    assert account.outcome == "quarantined"
    taken = rig.desk.accept(account.id, silent)
    assert taken.outcome == "accepted"
    assert {row["price"] for row in rig.catalogue(tmp_path)} == {2000}
    assert keys.card("free") not in rig.table.rows
    assert kinds(rig.changes(tmp_path)) == {"price_rise": N // 2, "gone": N // 2}
    with pytest.raises(InvalidSource, match="there are: 2026"):
        rig.desk.accept("another", silent)


def test_an_empty_or_broken_feed_no_operator_lets_in(rig: Rig) -> None:
    """There is nothing in it to look at."""
    account = rig.take_bytes(b"")
    assert rig.desk.accept(account.id, silent).outcome == "quarantined"


def test_the_same_refused_feed_is_kept_once(rig: Rig) -> None:
    """It comes again every hour."""
    ids = {rig.take(offers(10)).id for _ in range(3)}
    assert len(ids) == 1
    assert sum(name.startswith("feeds/quarantine/") for name in rig.lake.objects) == 2


def test_no_feed_yet_is_no_fault_and_one_that_is_gone_changes_nothing(rig: Rig) -> None:
    """The catalogue is as it was."""
    assert Rig().desk.take(silent).outcome == "waiting"
    before = rig.lake.objects[ITEMS]
    rig.lake.delete([INBOX])
    assert rig.desk.take(silent).outcome == "waiting"
    assert rig.lake.objects[ITEMS] == before


def test_a_server_is_asked_for_what_is_newer_than_ours(rig: Rig) -> None:
    """With its own validators, unless the catalogue is not the one that its feed made."""
    asked: list[Fetched] = []

    def fetch(source, known, target):
        asked.append(known)
        if known.etag:
            return Unfetched(is_unchanged=True)
        target.write_bytes(written("jsonl", changed(x=Offer("x"))))
        return Fetched("e1", "yesterday")

    desk = replace(rig.desk, fetch=fetch)
    assert [desk.take(silent).outcome for _ in range(2)] == ["accepted", "unchanged"]
    rig.lake.put(ITEMS, rig.lake.objects[ITEMS] + b"")
    rig.lake.delete([ITEMS])
    assert desk.take(silent).outcome == "accepted"
    assert asked == [Fetched(), Fetched("e1", "yesterday"), Fetched()]


def test_a_refresh_that_wrote_older_cards_is_put_right(rig: Rig) -> None:
    """The cards follow the catalogue at the next look, though the feed is the one we have."""
    stale = rig.releases.objects["cards/written.json"]
    rig.take(changed(item_0=Offer("0", price="9.00")))
    old = {**rig.table.rows[keys.card("0")], "price": 1000}
    rig.table.write([(keys.card("0"), old)])
    rig.releases.put("cards/written.json", stale)
    account = rig.take(changed(item_0=Offer("0", price="9.00")))
    assert (account.outcome, account.cards) == ("unchanged", 1)
    assert rig.table.rows[keys.card("0")]["price"] == 900


@pytest.mark.parametrize("writes", range(6))
def test_killed_at_any_write_it_is_done_by_the_next_run(writes: int, tmp_path: Path) -> None:
    """No change is lost or told twice, and the catalogue is the old or the new one."""
    lake = FusedObjects(fuse=Fuse(-1))
    rig = Rig(lake=lake)
    rig.take(BASE)
    feed = changed(item_0=Offer("0", price="9.00"), item_1=None, x=Offer("x"))
    old = lake.objects[ITEMS]
    lake.fuse.left = writes + 1  # the first is the feed's own arrival
    finished = False
    try:
        rig.take(feed)
        finished = True
    except Killed:
        pass
    lake.fuse.left = -1
    if lake.objects[ITEMS] != old:
        assert len(rows_of(lake.objects[ITEMS], tmp_path)) == N
    rig.take(feed)
    assert finished == (writes == 5)
    assert kinds(rig.changes(tmp_path)) == {"price_drop": 1, "gone": 1, "new": 1}
    assert rig.table.rows[keys.card("0")]["price"] == 900
    assert keys.card("1") not in rig.table.rows
    assert rig.take(feed).outcome == "unchanged"


def test_the_report_tells_of_the_last_feed(rig: Rig) -> None:
    """Accepted, with what was held back; refused, with the gate; and not of one that said nothing new."""
    rig.take(changed(item_0=Offer("0", price="9.00")))
    section = feed_section(rig.lake)
    assert isinstance(section, Section)
    assert (section.tone, "1 price drop" in section.verdict) == ("good", True)
    rig.take(offers(10))
    section = feed_section(rig.lake)
    assert section is not None
    assert (section.tone, "gone: items of the catalogue are not in the feed (390 of 400)" in section.verdict) == (
        "bad",
        True,
    )
    rig.take(changed(item_0=Offer("0", price="9.00")))
    section = feed_section(rig.lake)
    assert section is not None
    assert (section.tone, section.figures) == ("plain", ())
    rig.lake.put(ACCOUNT, b"{")
    assert feed_section(rig.lake) is None


def test_an_outage_changes_nothing(rig: Rig) -> None:
    """Of the bucket before the catalogue is put: the old one serves, and the next run is whole."""
    rig.releases.outage = DependencyFailed("bucket", "down")
    with pytest.raises(DependencyFailed):
        rig.take(changed(item_0=Offer("0", price="9.00")))
    rig.releases.outage = None
    assert rig.take(changed(item_0=Offer("0", price="9.00"))).outcome == "accepted"
    assert rig.table.rows[keys.card("0")]["price"] == 900


@pytest.mark.parametrize("format_", ["google_xml", "google_tsv", "yml", "csv"])
def test_every_format_reaches_the_cards(format_, tmp_path: Path) -> None:
    """From the bytes to the table."""
    rig = Rig(form=form(format_))
    assert rig.take([Offer("1", was="12.00"), Offer("2", stock="out_of_stock")]).cards == 2
    card = rig.table.rows[keys.card("1")]
    assert (card["price"], card["regular_price"], card["currency"], card["regions"]) == (1000, 1200, "USD", 3)
    assert rig.table.rows[keys.card("2")]["regions"] == 0


def _file(folder: Path, some: list[Offer]) -> Path:
    file = folder / "feed.jsonl"
    file.write_bytes(written("jsonl", some))
    return file
