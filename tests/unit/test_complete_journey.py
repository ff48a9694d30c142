"""The Complete Journey as a shop: titles, paths, what is sold, regions, and the import of a small copy of its form."""

import json
import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.lake.builders import at_ms, write_journey
from vitrine.catalog.complete_journey import (
    WEEK_MS,
    category_path,
    compose_title,
    crm_attributes,
    group_stores,
    readable,
    size_text,
    slug,
    unsellable,
    weeks_forward_ms,
)
from vitrine.cli import main
from vitrine.cli.import_command import parse_instant, report_lines
from vitrine.errors import InvalidSource
from vitrine.refresh.journey_import import Shop, import_complete_journey
from vitrine.visitors.profile import Profile

SHOP = Shop(regions=["north", "south"], margins={"Private": 0.35, "National": 0.25})
TILL_TEXT = st.text("ABCDEFGH &/:-().%012", max_size=30)


def silent(stage, done, total):
    """Progress that nobody watches."""


@pytest.mark.parametrize(
    ("department", "category", "kind", "size", "brand", "title"),
    [
        ("DRUG GM", "BABY FOODS", "BABY FOOD - BEGINNER", "4 OZ", "National", "Baby food, beginner 4 oz"),
        ("GROCERY", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY", "1 GA", "Private", "Milk 1 gal, own brand"),
        ("GROCERY", "ICE CREAM/MILK/SHERBTS", "PREMIUM", "48 OZ", "National", "Ice cream, premium 48 oz"),
        ("MEAT", "BEEF", "CHOICE BEEF", None, "National", "Choice beef"),
        ("DELI", "DELI MEATS", "MEAT:HAM BULK", None, "National", "Deli meat, ham"),
        ("PRODUCE", "TROPICAL FRUIT", "BANANAS", "40 LB", "National", "Bananas"),
        ("SEAFOOD", "SEAFOOD-FRESH", "SEAFOOD-FRE-SALMON", None, "National", "Seafood, fresh, salmon"),
        ("GROCERY", "FRZN VEGETABLE/VEG DSH", "FRZN BAGGED VEGETABLES - PLAIN", "16 OZ", "Private",
         "Frozen bagged vegetables, plain 16 oz, own brand"),
    ],
)  # fmt: skip
def test_titles_read_like_a_shop(department, category, kind, size, brand, title):
    """Type, size and brand become words; a type that is only an adjective takes its category in front."""
    assert compose_title(department, category, kind, size, brand) == title


@pytest.mark.parametrize(
    ("size", "department", "text"),
    [
        ("12 OZ", "GROCERY", "12 oz"),
        ("L    8 OZ", "GROCERY", "8 oz"),
        ("12 PK/12 OZ", "GROCERY", "12 x 12 oz"),
        ("12 OZ/12 PK", "GROCERY", "12 x 12 oz"),
        ("8 1/2 OZ", "GROCERY", "8.5 oz"),
        ("1/2 GAL", "GROCERY", "0.5 gal"),
        (".16 OZ", "GROCERY", "0.16 oz"),
        ("1 DZ", "GROCERY", "1 dozen"),
        ("PT", "GROCERY", "1 pt"),
        ("(600) 4 LB", "GROCERY", "4 lb"),
        ("48-54 CT", "PRODUCE", ""),
        ("40 LB", "PRODUCE", ""),
        ("5 LB", "PRODUCE", "5 lb"),
        ("CTN", "GROCERY", ""),
        (None, "GROCERY", ""),
    ],
)
def test_sizes_are_written_as_shoppers_write_them(size, department, text):
    """Units are spelled; cases that the store receives, and sizes that say nothing, are dropped."""
    assert size_text(size, department) == text


@given(TILL_TEXT)
def test_readable_leaves_no_till_marks(text):
    """Whatever stands in the data, no bracket, colon, slash or capital remains outside the declared tables."""
    assert not re.search(r"[():/A-Z]", readable(f"{text}?"))


@given(TILL_TEXT, TILL_TEXT)
def test_paths_have_three_levels_of_slugs(category, kind):
    """Every category path is three slugs, so that it can stand in an address and in a key."""
    levels = category_path("GROCERY", category, kind).split("/")
    assert len(levels) == 3
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", level) for level in levels)


def test_slugs_are_never_empty():
    """A text without letters or digits still gives a level."""
    assert slug("&/") == "other"


@pytest.mark.parametrize(
    ("department", "category", "kind", "said"),
    [
        ("FUEL", "FUEL", "GASOLINE-REG UNLEADED", "fuel"),
        ("GROCERY", "BOTTLE DEPOSITS", "BOTTLE DEPOSITS", "deposits"),
        ("DRUG GM", "CIGARETTES", "CIGARETTES", "tobacco"),
        ("DRUG GM", "TICKETS", "TICKETS", "service"),
        ("GROCERY", None, None, "no type"),
        ("NEW DEPARTMENT", "X", "Y", "unknown"),
    ],
)
def test_what_is_not_sold_has_a_reason(department, category, kind, said):
    """Coupons, fuel, deposits, services and the unnamed are left out, and the reason says which it was."""
    assert said in str(unsellable(department, category, kind))


def test_goods_are_sold():
    """An ordinary article has no reason against it."""
    assert unsellable("GROCERY", "SOUP", "CONDENSED SOUP") is None


def test_stores_of_the_same_households_share_a_region():
    """Two pairs of stores with common customers become two regions."""
    sales = {1: 100, 2: 90, 3: 80, 4: 70}
    grouped = group_stores(sales, {(1, 4): 20, (2, 3): 20}, ["north", "south"])
    assert grouped == {1: "north", 4: "north", 2: "south", 3: "south"}


@given(st.dictionaries(st.integers(1, 500), st.integers(1, 1000), min_size=1, max_size=60))
def test_every_store_has_a_region_and_regions_stay_in_balance(sales):
    """Each store has one region, and no region exceeds its equal part by more than one store."""
    regions = ["north", "east", "south"]
    grouped = group_stores(sales, {}, regions)
    assert set(grouped) == set(sales)
    filled = {region: sum(sales[store] for store in sales if grouped[store] == region) for region in regions}
    assert max(filled.values()) <= sum(sales.values()) / len(regions) + max(sales.values())


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_time_moves_by_whole_weeks_to_within_a_week(last_ms, ahead_ms):
    """The moved data ends before the date, and at most a week before it."""
    shift = weeks_forward_ms(last_ms, last_ms + ahead_ms)
    assert shift % WEEK_MS == 0
    assert 0 <= last_ms + ahead_ms - (last_ms + shift) < WEEK_MS


def test_time_never_moves_back():
    """A date before the data's end is refused."""
    with pytest.raises(InvalidSource):
        weeks_forward_ms(1000, 999)


def test_untold_demographics_are_left_out():
    """CRM attributes hold what is known of the household, and no nulls."""
    assert crm_attributes({"kids_count": "1", "age": None, "basket_value": 0}) == {"basket_value": 0, "kids_count": "1"}


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A lake imported from a small copy of the data's form, and the report."""
    folder = tmp_path_factory.mktemp("journey")
    report = import_complete_journey(write_journey(folder / "source"), folder / "lake", SHOP, None, silent)
    return folder / "lake", report


def rows(lake, name, columns):
    """Rows of a file of the lake."""
    with duckdb.connect() as connection:
        return connection.read_parquet(str(lake / name)).order("all").project(columns).fetchall()


def test_lines_that_make_no_sense_are_counted(imported):
    """Each kind of bad line is counted under its reason, none is hidden, and the rest is all there is."""
    _, report = imported
    assert report["left_out"]["transactions"] == {
        "fuel: sold at the pump, by quantity units of its own": 1,
        "tobacco: may not be advertised": 2,
        "zero quantity": 1,
        "nothing paid and no discount that explains it": 1,
        "negative price": 1,
        "missing product": 1,
    }
    left_out = sum(report["left_out"]["transactions"].values())
    assert report["written"]["purchases"] + left_out == report["read"]["transactions"]
    assert report["left_out"]["products"] == {"never sold": 1, "no line that counts, or no price": 2}
    assert report["left_out"]["households"] == {"no line that counts": 1}
    assert report["left_out"]["coupon rows"] == {"not for an item of the catalogue": 1}


def test_the_report_lies_beside_the_data_and_prints(imported):
    """The report in the folder is the one returned, and its lines name every reason."""
    lake, report = imported
    assert json.loads((lake / "import_report.json").read_bytes()) == report
    text = "\n".join(report_lines(report))
    assert all(reason in text for reason in report["left_out"]["transactions"])


def test_items_carry_prices_of_their_last_weeks(imported):
    """Price and regular price are per unit, medians of the four weeks up to the last sale."""
    lake, _ = imported
    found = rows(lake, "catalog/items.parquet", "item, title, price, regular_price, margin, regions")
    assert found == [
        ("1", "Baby food, beginner 4 oz", 110, 125, 0.25, ["north"]),
        ("2", "Baby food, beginner 4 oz #2", 45, 90, 0.25, []),
        ("3", "Milk 1 gal, own brand", 269, 279, 0.35, []),
        ("4", "Bananas", 89, 99, 0.25, ["south"]),
    ]


def test_purchases_are_events(imported):
    """A line is an event with a fixed id, the basket as session, and the region of its store."""
    lake, _ = imported
    columns = "id, visitor, kind, at_ms, item, quantity, price, session, region"
    found = rows(lake, "events/import/purchases.parquet", columns)
    assert ("cj-1001-1", "h1", "purchase", at_ms(0), "1", 2, 100, "1001", "north") in found


def test_views_are_simulated_from_the_last_baskets(imported):
    """They say so in their ids and in the report, come before the basket, and share its household and region."""
    lake, report = imported
    found = rows(lake, "events/import/views.parquet", "id, visitor, kind, at_ms, item, session, region, quantity")
    assert report["simulated"] == {"views": len(found)} == {"views": report["written"]["views"]}
    assert found
    baskets = {"1004": ("h2", at_ms(364), "south"), "1005": ("h1", at_ms(364), "north")}
    for event, visitor, kind, viewed_ms, item, session, region, quantity in found:
        who, bought_ms, where = baskets[session]
        assert (event, visitor, kind, region, quantity) == (f"sim-{session}-{item}", who, "view", where, 1)
        assert bought_ms - 60 * 20_000 <= viewed_ms < bought_ms


def test_simulated_views_are_the_same_every_time(tmp_path, imported):
    """They are read off hashes, so a second import writes the same."""
    lake, _ = imported
    import_complete_journey(write_journey(tmp_path / "source"), tmp_path / "lake", SHOP, None, silent)
    name = "events/import/views.parquet"
    assert rows(tmp_path / "lake", name, "*") == rows(lake, name, "*")


def test_households_are_visitors(imported):
    """A visitor has the region of most of its baskets, how it shops, and what it told of itself."""
    lake, _ = imported
    [first, second] = rows(lake, "visitors/visitors.parquet", "visitor, region, crm")
    assert (first[:2], second[:2]) == (("h1", "north"), ("h2", "south"))
    assert json.loads(first[2]) == {
        "age": "35-44",
        "basket_value": 100,
        "discount_share": 0.6,
        "household_comp": "2 Adults Kids",
        "household_size": "3",
        "income": "50-74K",
        "kids_count": "1",
        "marital_status": "Married",
        "private_share": 0.2,
        "visits_per_month": 0.3,
    }
    assert json.loads(second[2]) == {
        "basket_value": 229,
        "discount_share": 0.67,
        "private_share": 0.33,
        "visits_per_month": 0.2,
    }


def test_what_is_known_of_a_household_survives_its_profile(imported):
    """Every attribute is a text, a number or a boolean, and comes back from a stored profile as it went in."""
    lake, _ = imported
    for _, region, crm in rows(lake, "visitors/visitors.parquet", "visitor, region, crm"):
        profile = Profile().with_attributes(region, json.loads(crm))
        assert Profile.decode(profile.encode()).attributes == json.loads(crm)
        assert all(isinstance(value, str | int | float | bool) for value in profile.attributes.values())


def test_campaigns_are_offers(imported):
    """A coupon lists the items it is good for; its campaign ends with its last day."""
    lake, _ = imported
    start, end = (int(datetime(2017, *day, tzinfo=UTC).timestamp() * 1000) for day in ((3, 3), (4, 10)))
    assert rows(lake, "offers/offers.parquet", "*") == [
        ("c7", "Type A", start, end, "500", ["1", "2"]),
        ("c7", "Type A", start, end, "501", ["3"]),
    ]
    assert rows(lake, "offers/redemptions.parquet", "visitor, campaign, coupon") == [("h1", "c7", "500")]
    assert rows(lake, "offers/targets.parquet", "*") == [("c7", "h1")]


def test_a_moved_import_keeps_weekday_and_hour(tmp_path, imported):
    """All instants move by the same whole weeks, to within a week of the date."""
    _, still = imported
    until = datetime(2026, 5, 31, tzinfo=UTC)
    report = import_complete_journey(write_journey(tmp_path / "source"), tmp_path / "lake", SHOP, until, silent)
    shift_ms = report["first_event_ms"] - still["first_event_ms"]
    assert shift_ms == report["shift_days"] * WEEK_MS // 7
    assert shift_ms % WEEK_MS == 0
    assert 0 <= until.timestamp() * 1000 - report["last_event_ms"] < WEEK_MS


def test_a_missing_file_is_named(tmp_path):
    """A folder without the data says which file it lacks."""
    with pytest.raises(InvalidSource, match=r"transactions\.parquet"):
        import_complete_journey(tmp_path, tmp_path / "lake", SHOP, None, silent)


def test_the_command_imports_and_says_what_it_left_out(tmp_path, capsys):
    """`vitrine import` writes the lake and prints what was read, written and left out."""
    source = write_journey(tmp_path / "source")
    options = ["--from", str(source), "--to", str(tmp_path / "lake"), "--store", "store", "--shift-to", "2026-05-31"]
    assert main(["import", "complete-journey", *options]) == 0
    said = capsys.readouterr().out
    assert "Read 7 products, 15 transactions, 4 coupons." in said
    assert "1 transactions: zero quantity" in said
    assert (tmp_path / "lake" / "import_report.json").is_file()


def test_the_command_names_what_is_missing(tmp_path, capsys):
    """Without the data the command ends with one line that names the file."""
    assert main(["import", "complete-journey", "--from", str(tmp_path), "--to", str(tmp_path / "lake")]) == 1
    assert "transactions.parquet is missing" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01"])
def test_a_wrong_date_is_wrong_usage(text):
    """What is no ISO date is refused before anything is read."""
    with pytest.raises(ArgumentTypeError, match=text):
        parse_instant(text)


def test_dates_without_a_zone_are_utc():
    """The date to move to is read as UTC unless it says otherwise."""
    assert parse_instant("2026-05-31") == datetime(2026, 5, 31, tzinfo=UTC)
