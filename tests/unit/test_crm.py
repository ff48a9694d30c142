"""Extracts of CRM, tills and loyalty programmes: joined by digests, into the lake and into profiles."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.feeds import NOW, rows_of, silent
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.catalog.feed_items import FeedFault, FeedForm, StockRule
from vitrine.errors import DependencyFailed, InvalidSource
from vitrine.refresh.crm import CrmDesk, Taken, read_extract
from vitrine.refresh.crm_rows import Declared, ExtractForm, ExtractPlan, ExtractRow
from vitrine.refresh.engine import VISITORS, Engine, Limits
from vitrine.refresh.report import Section
from vitrine.types import Absent, Event
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored, parse_profile

BERLIN = ZoneInfo("Europe/Berlin")
ATTRIBUTES = {
    "registered_on": Declared("string", date="%d.%m.%Y"),
    "bonus_points": Declared("number"),
    "diet": Declared("string", ("vegetarian", "vegan")),
    "newsletter": Declared("boolean"),
}
LOGINS = {"visitor": ("visitor",), "email": ("email",), "card": ("card",), "phone": ("phone",)}
MEMBERS = {
    "card": ("card",),
    "email": ("email",),
    "region": ("home",),
    "crm.registered_on": ("since",),
    "crm.bonus_points": ("points",),
    "crm.diet": ("diet",),
    "crm.newsletter": ("news",),
}
TILLS = {
    "card": ("card",),
    "order": ("receipt",),
    "at": ("at",),
    "item": ("sku",),
    "quantity": ("n",),
    "amount": ("amount",),
}


def plan(name: str, fields: dict[str, tuple[str, ...]], attributes=None, faults: float = 0.2) -> ExtractPlan:
    """An extract in CSV with these columns."""
    form = FeedForm("csv", fields, StockRule())
    how = ExtractForm(form, attributes or {}, "USD", ("north", "south"), "49", BERLIN)
    return ExtractPlan(name, f"crm/inbox/{name}.csv", how, "north", faults)


def members(faults: float = 0.2) -> ExtractPlan:
    """The loyalty programme."""
    return plan("members", MEMBERS, ATTRIBUTES, faults)


@dataclass
class Rig:
    """A desk over memory."""

    table: MemoryTable = field(default_factory=MemoryTable)
    lake: MemoryObjects = field(default_factory=MemoryObjects)

    def take(self, extract: ExtractPlan, text: str) -> Taken:
        """Put it into the inbox and take it."""
        self.lake.put(extract.lake, text.encode())
        desk = CrmDesk(self.table, self.lake, lambda: NOW, Limits(1, 500))
        taken = desk.take(extract, silent)
        assert taken is not None
        return taken

    def profile(self, visitor: str) -> Profile:
        """A visitor's profile, empty when there is none."""
        return parse_profile(self.table.rows.get(keys.profile(visitor), Absent.MISSING), NOW).profile

    def file(self, name: str, folder: Path) -> list[dict[str, object]]:
        """Rows of a file of the lake."""
        return rows_of(self.lake.objects[name], folder)


@pytest.fixture
def rig() -> Rig:
    """Ann is v1 and, on her telephone, v2; Bob is v3."""
    rig = Rig()
    logins = "visitor,email,card,phone\nv1,ann@example.com,C-1,\nv3,bob@example.com,,030 123456\n"
    assert rig.take(plan("logins", LOGINS), logins).learned == 4
    rig.take(plan("logins", LOGINS), "visitor,email,card,phone\nv2,ANN@example.com ,,\n")
    return rig


def test_attributes_reach_the_profiles_of_all_devices(rig: Rig, tmp_path: Path) -> None:
    """Anniversary, points, preferences; an address in other letters is the same; who is not known is counted."""
    text = (
        "card,email,home,since,points,diet,news\n"
        ",Ann@Example.com,south,22.11.2019,1 250,vegan,yes\n,nobody@example.com,,,1,,\n"
    )
    taken = rig.take(members(), text)
    assert (taken.rows, taken.unmatched, taken.visitors, taken.purchases) == (2, 1, 2, 0)
    expected = {"registered_on": "2019-11-22", "bonus_points": 1250, "diet": "vegan", "newsletter": True}
    for visitor in ("v1", "v2"):
        assert (rig.profile(visitor).attributes, rig.profile(visitor).region) == (expected, "south")
    assert rig.profile("v3").attributes == {}
    known = {row["visitor"]: row for row in rig.file(VISITORS, tmp_path)}
    assert orjson.loads(str(known["v1"]["crm"])) == expected
    assert isinstance(taken.section(), Section)


def test_the_surest_identifier_counts(rig: Rig) -> None:
    """A card is one person's; the address beside it may be the family's."""
    rig.take(members(), "card,email,home,since,points,diet,news\nc1,bob@example.com,,,7,,\n")
    assert rig.profile("v1").attributes == {"bonus_points": 7}
    assert rig.profile("v3").attributes == {}


def test_an_attribute_is_what_the_last_extract_says(rig: Rig) -> None:
    """Of the last row, where a person has several; an empty value is known no more; what others told is kept."""
    other = plan("other", {"email": ("email",), "crm.age": ("age",)}, {"age": Declared("number")})
    rig.take(other, "email,age\nann@example.com,40\n")
    head = "card,email,home,since,points,diet,news\n"
    rig.take(members(), f"{head},ann@example.com,,,5,vegan,\n,ann@example.com,,,6,vegan,\n")
    assert rig.profile("v1").attributes == {"age": 40, "bonus_points": 6, "diet": "vegan"}
    rig.take(members(), f"{head},ann@example.com,,,8,,\n")
    assert rig.profile("v1").attributes == {"age": 40, "bonus_points": 8}
    assert rig.profile("v1").region == "north"


def test_orders_become_purchases_once(rig: Rig, tmp_path: Path) -> None:
    """For one of a person's devices; taken again they change nothing, and later ones are added."""
    head = "card,receipt,at,sku,n,amount\n"
    lines = "C-1,R1,2026-11-20T18:30,milk,2,3.00\nC-1,R1,2026-11-20T18:30,milk,1,1.40\nC-1,R1,2026-11-20,egg,1,2.00\n"
    taken = rig.take(plan("tills", TILLS), head + lines)
    assert (taken.purchases, taken.visitors) == (3, 1)
    rows = {row["id"]: row for row in rig.file("events/import/tills.parquet", tmp_path)}
    assert set(rows) == {"tills-R1-milk", "tills-R1-milk-2", "tills-R1-egg"}
    evening = int(datetime(2026, 11, 20, 18, 30, tzinfo=BERLIN).timestamp() * 1000)
    first = rows["tills-R1-milk"]
    assert (first["visitor"], first["kind"], first["at_ms"]) == ("v1", "purchase", evening)
    assert (first["quantity"], first["price"], first["regular_price"]) == (2, 150, 150)
    assert (first["session"], first["region"]) == ("tills-R1", "north")
    assert rows["tills-R1-egg"]["at_ms"] == int(datetime(2026, 11, 20, 12, tzinfo=BERLIN).timestamp() * 1000)
    assert rig.profile("v1").bought_since(0).keys() == {"milk", "egg"}
    before = rig.lake.objects["events/import/tills.parquet"]
    once = rig.profile("v1")
    rig.take(plan("tills", TILLS), head + lines)
    assert rig.file("events/import/tills.parquet", tmp_path) == rows_of(before, tmp_path)
    assert rig.profile("v1") == once
    rig.take(plan("tills", TILLS), f"{head}C-1,R2,2026-11-21,egg,1,2.10\n")
    assert len(rig.file("events/import/tills.parquet", tmp_path)) == 4


def test_the_engine_reads_what_was_bought_in_shops(rig: Rig, tmp_path: Path) -> None:
    """The file has the columns of the import, and only those."""
    rig.take(plan("tills", TILLS), "card,receipt,at,sku,n,amount\nC-1,R1,2026-11-20,milk,2,3.00\n")
    (row,) = rig.file("events/import/tills.parquet", tmp_path)
    named = "id visitor kind at_ms item quantity price regular_price session region"
    assert list(row) == named.split()
    with Engine(Limits(1, 200)) as engine:
        engine.view_parquet("bought", tmp_path / "looked_into.parquet")
        types = dict(engine.execute("select column_name, column_type from (describe bought)"))
    assert (types["at_ms"], types["quantity"], types["price"]) == ("BIGINT", "INTEGER", "INTEGER")


def test_what_was_collected_meanwhile_is_kept(rig: Rig) -> None:
    """The reducer merges; nothing is overwritten."""
    view = Event("e1", "view", int(NOW.timestamp() * 1000), "jar")
    rig.table.write([(keys.profile("v1"), Stored(Profile(), None).successor(Profile().apply([view]), NOW))])
    rig.take(members(), "card,email,home,since,points,diet,news\nC1,,,,5,,\n")
    assert rig.profile("v1").recent_items(3) == ("jar",)
    assert rig.profile("v1").attributes == {"bonus_points": 5}


def test_nothing_that_reaches_a_person_is_kept(rig: Rig, tmp_path: Path) -> None:
    """Neither in the lake, whose inbox is emptied, nor in what is told, faults included."""
    head = "card,email,home,since,points,diet,news\n"
    taken = rig.take(members(0.9), f"{head},ann@example.com,,,5,,\n,ann@example.com,mars,,5,,\n,ann@example,,,x,,\n")
    assert len(taken.first_faults) == 2
    kept = [rig.file(name, tmp_path) for name in rig.lake.objects]  # all that is left are Parquet files
    said = repr((kept, taken)).lower()
    assert "ann" not in said
    assert "123456" not in said
    assert sha256(b"ann@example.com").hexdigest() in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",,,,1,,", "who it is about"),
        ("c,,mars,,1,,", "no such region"),
        ("c,,,2019-11-22,1,,", "no date of the form"),
        ("c,,,,many,,", "no number"),
        ("c,,,,nan,,", "no number"),
        ("c,,,,1,meat,", "none of the values"),
        ("c,,,,1,,maybe", "newsletter is neither yes nor no"),
        ("c,,,,1,", "7"),
    ],
)
def test_a_bad_row_is_told_by_its_line(row: str, said: str) -> None:
    """And what would be right."""
    text = f"card,email,home,since,points,diet,news\n{row}\n"
    (fault,) = read_extract([text.encode()], members().form)
    assert isinstance(fault, FeedFault)
    assert fault.line == 2
    assert said in fault.message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("c,,2026-11-20,milk,1,1", "no order"),
        ("c,R,yesterday,milk,1,1", "time of the order"),
        ("c,R,2026-11-20,milk,-1,1", "quantity"),
        ("c,R,2026-11-20,milk,0.5,1", "quantity"),
        ("c,R,2026-11-20,,1,1", "no id"),
        ("c,R,2026-11-20,milk,1,1 EUR", "price is none in USD"),
    ],
)
def test_a_bad_line_of_an_order_is_told(row: str, said: str) -> None:
    """What came back is no purchase."""
    (fault,) = read_extract([f"card,receipt,at,sku,n,amount\n{row}\n".encode()], plan("tills", TILLS).form)
    assert isinstance(fault, FeedFault)
    assert said in fault.message


@pytest.mark.parametrize("text", ["", "card,email\n", "card,email,home,since,points,diet,news\n" + "c,,,,x,,\n" * 5])
def test_an_extract_that_is_none_changes_nothing(rig: Rig, text: str) -> None:
    """It stays in the inbox for whoever sent it."""
    before = dict(rig.lake.objects)
    with pytest.raises(InvalidSource, match="extract members"):
        rig.take(members(), text)
    assert rig.lake.objects == before | {"crm/inbox/members.csv": text.encode()}


def test_an_outage_leaves_the_extract_for_the_next_time(rig: Rig) -> None:
    """Whose result is the same."""
    text = "card,email,home,since,points,diet,news\nC1,,,,5,,\n"
    rig.table.outage = DependencyFailed("table", "down")
    with pytest.raises(DependencyFailed):
        rig.take(members(), text)
    assert "crm/inbox/members.csv" in rig.lake.objects
    rig.table.outage = None
    rig.take(members(), text)
    assert rig.profile("v1").attributes == {"bonus_points": 5}


def test_no_extract_is_none(rig: Rig) -> None:
    """Nothing lies in the inbox today."""
    assert CrmDesk(rig.table, rig.lake, lambda: NOW, Limits(1, 500)).take(members(), silent) is None


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_random_bytes_are_faults(data: bytes) -> None:
    """Nothing is ever raised."""
    for one in read_extract([b"card,email,home,since,points,diet,news\n" + data], members().form):
        assert isinstance(one, ExtractRow) or one.message


def test_instants_have_zones() -> None:
    """Their own, or the extract's."""
    text = "card,receipt,at,sku,n,amount\nc,R,2026-11-20T12:00Z,a,1,1\nc,R,2026-11-20T13:00,a,1,1\n"
    rows = [one for one in read_extract([text.encode()], plan("tills", TILLS).form) if isinstance(one, ExtractRow)]
    noon = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
    assert [row.order.at_ms for row in rows if row.order is not None] == [noon, noon]
