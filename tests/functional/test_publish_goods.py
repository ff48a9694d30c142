"""Goods that files name, looked up in what is published, over a table in memory."""

import argparse

import pytest

from tests.unit.store_folders import change, write_store
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.cli.named_goods import unknown_goods, warn_of
from vitrine.cli.publish_command import configure, may_publish
from vitrine.decisions.release import Pointer
from vitrine.errors import DeadlineExceeded
from vitrine.refresh.goods import Missing, missing_goods

LISTS = "r-1"
NORTH, SOUTH = "north", "south"


@pytest.fixture
def folder(tmp_path):
    """The small store; it names frozen, frozen/ice-cream and the items i1, i2, i3."""
    return write_store(tmp_path)


def shelves(region, *paths):
    """Rows of shelves of a region."""
    return {keys.shelf(region, path, LISTS): {"table": b""} for path in paths}


@pytest.fixture
def table():
    """What is published: everything the small store names, the ice-cream in the south only."""
    pointer = Pointer("r-2", "0" * 64, None, 1, lists=LISTS)
    cards = {keys.card(item): {"card": b""} for item in ("i1", "i2", "i3")}
    return MemoryTable(
        {
            keys.RELEASE_POINTER: pointer.to_row(),
            **shelves(NORTH, None, "frozen"),
            **shelves(SOUTH, None, "frozen", "frozen/ice-cream"),
            **cards,
        }
    )


def test_all_are_known(folder, table):
    """One region is enough; the lists are those the release reads; it takes the pointer and one batched read."""
    assert unknown_goods(folder, table) == []
    assert table.reads == 2


def test_typos_are_told_by_file_and_line(folder, table):
    """What is wrong, where, and what may have been meant."""
    line = change(
        folder, "campaigns/main.yaml", "from: [popular@frozen/ice-cream]", "from: [popular@frozen/icecream, new]"
    )
    change(folder, "campaigns/main.yaml", "order: popular@frozen/ice-cream", "order: model")
    pin = change(folder, "merchandising.yaml", "pin: {items: [i3]}", "pin: {items: [i3, i33]}")
    category, item = unknown_goods(folder, table)
    assert (category.file, category.line) == (str(folder / "campaigns/main.yaml"), line)
    assert category.place == "campaigns.ice-cream.products.strategies.0.from.0"
    assert "'frozen/icecream'" in category.message
    assert category.hint == "did you mean 'frozen/ice-cream'?"
    assert (item.file, item.line, item.hint) == (str(folder / "merchandising.yaml"), pin, "")
    assert "'i33'" in item.message


def test_nothing_to_check_against(folder, table):
    """Before the first release, and where the lists are of other regions, nothing can be called unknown."""
    assert unknown_goods(folder, MemoryTable()) == []
    assert missing_goods(["a"], ["b"], ["east"], table) is None
    assert missing_goods(["a"], ["b"], [NORTH], table) == Missing(frozenset({"a"}), frozenset({"b"}))


def test_unread_is_not_missing(folder, table):
    """A row that could not be read in time is no typo, unless another region's shows that it is none."""
    table.unread = {keys.shelf(NORTH, "frozen/ice-cream", LISTS)}
    assert unknown_goods(folder, table) == []
    table.unread = {keys.card("i1")}
    with pytest.raises(DeadlineExceeded, match="try again"):
        unknown_goods(folder, table)


def test_publishing_is_refused_unless_allowed(folder, table, capsys):
    """Without the flag nothing is done, with it the unknown ones are only told; standard output stays clean."""
    assert may_publish(folder, table, allows_unknown=False)
    assert capsys.readouterr() == ("", "")
    change(folder, "merchandising.yaml", "pin: {items: [i3]}", "pin: {items: [i4]}")
    assert not may_publish(folder, table, allows_unknown=False)
    refused = capsys.readouterr()
    assert "'i4'" in refused.err
    assert "--allow-unknown" in refused.err
    assert may_publish(folder, table, allows_unknown=True)
    allowed = capsys.readouterr()
    assert "'i4'" in allowed.err
    assert "nothing was done" not in allowed.err
    assert refused.out == allowed.out == ""


def test_warnings_have_hints(folder, table, capsys):
    """What `vitrine plan` prints before its report."""
    change(folder, "campaigns/main.yaml", "{category: frozen,", "{category: frozn,")
    warn_of(unknown_goods(folder, table))
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith(f"warning: {folder / 'campaigns/main.yaml'}:")
    assert hint.startswith("    did you mean 'frozen")


def test_the_flag():
    """It is off unless given."""
    parser = argparse.ArgumentParser()
    configure(parser)
    assert not parser.parse_args([]).allow_unknown
    assert parser.parse_args(["--allow-unknown"]).allow_unknown
