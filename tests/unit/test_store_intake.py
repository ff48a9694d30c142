"""feeds.yaml and crm.yaml: what they declare, and faults with line and hint."""

from pathlib import Path

import pytest

from tests.unit.store_folders import STORE
from vitrine.api.store_folder import check_store
from vitrine.api.store_intake import read_extract_plans, read_feed_plan
from vitrine.cli.crm_command import chosen, taken_lines
from vitrine.cli.feed_command import account_lines
from vitrine.errors import InvalidStore
from vitrine.refresh.feed_account import Account

EXAMPLE = Path(__file__).parents[2] / "store"
FEEDS = """\
catalogue:
  from: {url: "https://shop.example/feed.xml"}
  format: yml
"""
CRM = """\
extracts:
  members:
    lake: crm/inbox/members.csv
    format: csv
    identify: {email: mail}
    attributes: {age: years}
"""


def folder(path: Path, **files: str) -> Path:
    """A store folder with store.yaml and these files."""
    (path / "store.yaml").write_text(STORE, "utf-8")
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text, "utf-8")
    return path


def told(path: Path, **files: str) -> str:
    """What is wrong with these files."""
    read = read_feed_plan if "feeds" in files else read_extract_plans
    with pytest.raises(InvalidStore) as error:
        read(folder(path, **files))
    return str(error.value)


def test_the_example_declares_a_feed_and_extracts() -> None:
    """And validate looks at both."""
    plan = read_feed_plan(EXAMPLE)
    assert plan is not None
    assert (plan.form.format, plan.shop.currency, plan.form.stock.listed) == ("jsonl", "USD", "regions")
    assert list(read_extract_plans(EXAMPLE)) == ["logins", "members", "tills"]
    assert check_store(EXAMPLE) == []


def test_a_store_may_have_neither(tmp_path: Path) -> None:
    """Then there is nothing to take."""
    assert read_feed_plan(folder(tmp_path)) is None
    assert read_extract_plans(tmp_path) == {}


def test_a_format_with_names_of_its_own_needs_none(tmp_path: Path) -> None:
    """Its decimal mark is known, too; single fields may be called otherwise."""
    plan = read_feed_plan(folder(tmp_path, feeds=f"{FEEDS}  fields: {{brand: [param:brand, vendor]}}\n"))
    assert plan is not None
    assert plan.form.fields["brand"] == ("param:brand", "vendor")
    assert plan.form.fields["item"] == ("id",)
    assert (plan.form.decimal_mark, plan.form.stock.everywhere) == (".", ("north", "south"))
    assert plan.shop.margins == {"Private": 0.3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FEEDS.replace("yml", "csv"), "fields lacks item, title, price, url"),
        (FEEDS.replace("yml", "xls"), "feeds.yaml:3: catalogue.format"),
        (FEEDS.replace("https", "ftp"), "is no web address"),
        (FEEDS.replace("url:", "urls:"), "there is no field 'urls' here"),
        (FEEDS.replace("{url", "{lake: a, url"), "give either lake or url"),
        (f"{FEEDS}  fields: {{prize: x}}\n", "did you mean 'price'?"),
        (f"{FEEDS}  stock: {{regions: [nort]}}\n", "feeds.yaml:4: catalogue.stock.regions: there is no region 'nort'"),
        (f"{FEEDS}  stock: {{regions: [north], listed: x}}\n", "keep one of"),
        (f"{FEEDS}  bounds: {{gone: 2}}\n", "catalogue.bounds.gone"),
        ("feeds: {}\n", "begin with catalogue:"),
    ],
)
def test_faults_of_feeds_are_told(tmp_path: Path, text: str, said: str) -> None:
    """With the place and what to do."""
    assert said in told(tmp_path, feeds=text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CRM.replace("age:", "aeg:"), "crm.yaml:6: extracts.members.attributes.aeg"),
        (CRM.replace("{email: mail}", "{}"), "names no column"),
        (CRM.replace("age: years", "age: {column: x}"), "declare age as {type: string}"),
        (CRM.replace("members:", "purchases:"), "is a file of the import"),
        (f"{CRM}    orders: {{order: a, at: b, item: c}}\n", "has no price, or two"),
        (f"{CRM}    calling_code: '+49'\n", "calling_code"),
        (f"{CRM}    timezone: Mars\n", "no time zone 'Mars'"),
    ],
)
def test_faults_of_extracts_are_told(tmp_path: Path, text: str, said: str) -> None:
    """With the place and what to do."""
    assert said in told(tmp_path, crm=text)


def test_extracts_are_chosen_by_name(tmp_path: Path) -> None:
    """All of them without one; an unknown name is refused."""
    plans = read_extract_plans(folder(tmp_path, crm=CRM))
    assert [plan.name for plan in chosen(plans, [])] == ["members"]
    with pytest.raises(InvalidStore, match="no extract 'x'"):
        chosen(plans, ["x"])
    with pytest.raises(InvalidStore, match=r"no crm\.yaml"):
        chosen({}, [])
    assert taken_lines(plans["members"], None) == ["extract members: there is no crm/inbox/members.csv in the lake"]


def test_a_terminal_hears_what_became_of_a_feed() -> None:
    """What was held back, what was not taken, what is not looked at, and how to let it in."""
    gate = {"name": "gone", "says": "items are gone", "found": 9, "whole": 10, "bound": 0.2, "passed": False}
    facts = {
        "gates": [gate],
        "held_examples": [["7", "jump", 100, 300, 12]],
        "first_faults": ["line 3: is no price"],
        "ignored": {"colour": 4},
    }
    lines = account_lines(Account("quarantined", 0, "a feed", "2026-x", facts=facts))
    assert "gone: items are gone (9 of 10)" in lines[0]
    assert lines[1:] == [
        "  held back: item 7: jump, 100 before and 300 now (line 12)",
        "  not taken: line 3: is no price",
        "  fields that are not looked at: colour",
        "  if it is right all the same: vitrine feed --accept 2026-x",
    ]
