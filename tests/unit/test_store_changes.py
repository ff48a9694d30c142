"""What publishing says of the difference between two compiled stores."""

from pathlib import Path

import orjson

from tests.unit.store_folders import change, write_store
from vitrine.api.store_changes import campaign_count, changes_of
from vitrine.api.store_folder import compile_store


def said(before: bytes, after: bytes) -> list[str]:
    """The changes as they are printed."""
    return [str(change) for change in changes_of(before, after)]


def test_equal_files_have_no_changes(tmp_path: Path) -> None:
    """Whatever they are."""
    files = compile_store(write_store(tmp_path))
    assert said(files, files) == []


def test_campaigns_are_told_by_name(tmp_path: Path) -> None:
    """One changed, one renamed: that is one gone and one new; a changed audience is told apart from its campaigns."""
    before = compile_store(write_store(tmp_path))
    change(tmp_path, "campaigns/main.yaml", "  banner-test:", "  banners:")
    change(tmp_path, "campaigns/main.yaml", "    priority: 10", "    priority: 11")
    change(tmp_path, "audiences.yaml", "{$gte: 28}", "{$gte: 30}")
    assert said(before, compile_store(tmp_path)) == [
        "campaigns: added banners; removed banner-test; changed ice-cream",
        "audiences: changed heat",
    ]


def test_lists_are_told_by_their_names_and_order(tmp_path: Path) -> None:
    """Personas are tried in turn, so another order is another store; a setting of store.yaml is told by its field."""
    before = compile_store(write_store(tmp_path))
    one, other = "  - {name: regular, when: {visitor.visits: {$gte: 5}}}\n", "  - {name: everybody}\n"
    change(tmp_path, "personas.yaml", one + other, "  - {name: often, when: {visitor.visits: {$gte: 5}}}\n" + other)
    change(tmp_path, "store.yaml", "share: 0.05", "share: 0.1")
    assert said(before, compile_store(tmp_path)) == [
        "personas: added often; removed regular",
        "store: changed holdout",
    ]
    then, now = ({"rules": {name: {} for name in names}} for names in ("ab", "ba"))
    assert said(orjson.dumps(then), orjson.dumps(now)) == ["rules: changed their order"]


def test_a_store_that_cannot_be_read_has_no_names(tmp_path: Path) -> None:
    """Then everything is new."""
    after = compile_store(write_store(tmp_path))
    assert said(b"damaged", after)[0] == "campaigns: added ice-cream, banner-test"


def test_campaigns_are_counted(tmp_path: Path) -> None:
    """None where there is no store to count in."""
    assert campaign_count(compile_store(write_store(tmp_path))) == 2
    assert campaign_count(b'{"format":1,"store":{},"placements":{}}') == 0
    assert campaign_count(b"damaged") is campaign_count(None) is None
