"""`vitrine plan` over tables and buckets in memory: page views on record and made up, decided as pages are."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.unit.pages import NOW, NOW_MS, card
from tests.unit.rankers import make_network, make_ranker_files
from tests.unit.store_folders import change, write, write_store
from tests.unit.tables import personal, related, shelf
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.packed import pack
from vitrine.decisions.body import decision_body
from vitrine.decisions.context import DecisionRequest, Preview, resolve_context
from vitrine.decisions.pipeline import decide
from vitrine.decisions.record import digest_of_answer, record_of
from vitrine.decisions.release import Manifest, Part, Pointer
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidRelease, RefreshNeeded
from vitrine.refresh.publish import publish_store
from vitrine.refresh.published import read_pointer
from vitrine.service.plan import HOUSE
from vitrine.service.plan_inputs import LiveInputs, grant
from vitrine.types import Page
from vitrine.wiring.plan import Plan, Planner, Wanted

LISTS = "20261122T000000-00000000"
ITEMS = [f"item{n}" for n in range(8)]
CONSENT = frozenset({"personalization"})
QUIET = "campaigns: {}\n"
SOUTH = """\
campaigns:
  southern:
    placements: [home.banner]
    when: {place.region: south}
    content: {text: {en: Sun, ru: Солнце}}
"""


@dataclass
class Shop:
    """A published release of the small store, without campaigns, and records of what was decided with it."""

    folder: Path
    table: MemoryTable = field(default_factory=MemoryTable)
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    lake: MemoryObjects = field(default_factory=MemoryObjects)
    records: list[bytes] = field(default_factory=list)

    def publish_first(self) -> None:
        """The first release, with its rows."""
        model, ranker = make_ranker_files(*make_network(1))
        parts = {"model.onnx": model, "ranker.json": ranker, "store.json": self.files(), "bestsellers.json": b"{}"}
        manifest = Manifest(LISTS, NOW_MS, NOW_MS, 1, {name: Part.of(data) for name, data in parts.items()}).to_bytes()
        for name, data in {**parts, "manifest.json": manifest}.items():
            self.objects.put(f"{LISTS}/{name}", data)
        self.table.rows[keys.RELEASE_POINTER] = Pointer(LISTS, sha256(manifest).hexdigest(), None, 1).to_row()

    def files(self) -> bytes:
        """The folder, compiled."""
        return compile_store(self.folder)

    def visit(self, decision: str, region: str = "north", visitor: str | None = None, **more: object) -> None:
        """One page view, decided with the current release and put on record."""
        release = ReleaseObjects(self.objects).load(read_pointer(self.table))
        request = DecisionRequest(Page("home"), visitor, consent=CONSENT, preview=Preview(region=region))
        context, tape = resolve_context(decision, NOW, replace(request, **more), release.store), Tape()
        live = LiveInputs(self.table)
        made = decide(
            context,
            release,
            tape.reading(live.read),
            tape.reading_cards(live.read_cards),
            tape.claiming(grant),
            lambda stage: None,
        )
        self.records.append(record_of(context, made, visitor, tape, digest_of_answer(decision_body(made))))

    def recent(self, n: int, since: datetime | None = None) -> Iterator[bytes]:
        """See ports.DecisionLog."""
        return iter(self.records[-n:])

    def find(self, decision: str) -> bytes | None:
        """See ports.DecisionLog."""
        raise NotImplementedError

    def plan(self, wanted: Wanted | None = None) -> Plan:
        """The plan of the folder as it is; it must leave everything as it was."""
        planner = Planner(self.table, self.objects, self.lake, self, lambda: NOW)
        rows, objects = dict(self.table.rows), dict(self.objects.objects)
        plan = planner.plan(self.files(), wanted or Wanted(recorded=100), lambda *_: None)
        assert (self.table.rows, self.objects.objects) == (rows, objects)
        return plan


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with a shelf per region, one visitor with items of their own, and cards."""
    whole = Shop(write_store(tmp_path / "store"))
    write(whole.folder, "campaigns/main.yaml", QUIET)
    change(whole.folder, "store.yaml", "holdout: {share: 0.05}\n", "")
    whole.publish_first()
    lists = {
        keys.shelf("north", None, LISTS): shelf(ITEMS[:6]),
        keys.shelf("south", None, LISTS): shelf(ITEMS[2:]),
        keys.shelf("north", "frozen/ice-cream", LISTS): shelf(["item7"]),
        keys.personal("h1", LISTS): personal(ITEMS[4:7]),
        keys.related("item4", LISTS): related("item4", ["item1"], ["item2"]),
    }
    whole.table.rows |= {key: {"table": pack(table)} for key, table in lists.items()}
    cards = {item: card(item.title()) for item in ITEMS}
    whole.table.rows |= {keys.card(item): asdict(one) | {"updated_ms": NOW_MS} for item, one in cards.items()}
    return whole


def test_unchanged_files_change_nothing(shop):
    """The same page views come to the same, recorded or made up."""
    for n in range(4):
        shop.visit(f"d{n}", visitor=[None, "h1"][n % 2])
    for wanted in (Wanted(100), Wanted(100, visitors=("h1",))):
        report = shop.plan(wanted).report
        assert (report.changed, report.left_out) == (0, 0)
        assert report.views > 0


def test_a_campaign_reaches_the_visitors_that_it_speaks_of(shop):
    """Of the page views on record those of the south change, in the campaign's placement and nowhere else."""
    for n in range(6):
        shop.visit(f"d{n}", region="south" if n < 2 else "north")
    write(shop.folder, "campaigns/main.yaml", SOUTH)
    plan = shop.plan()
    assert (plan.before, plan.source) == (LISTS, "recorded")
    assert (plan.report.views, plan.report.changed) == (6, 2)
    banner = plan.report.placements["home.banner"]
    assert (banner.views, banner.changed) == (6, 2)
    assert banner.won == {"southern": (0, 2), HOUSE: (6, 4)}
    assert {(example.region, example.after.campaign) for example in banner.examples} == {("south", "southern")}
    assert plan.report.placements["home.recs"].changed == 0


def test_only_the_last_ones_on_record_are_decided(shop):
    """As many as were asked for."""
    for n in range(5):
        shop.visit(f"d{n}")
    assert shop.plan(Wanted(recorded=3)).report.views == 3


def test_a_change_of_a_row_shows_items(shop):
    """A line of placements.yaml: three items instead of four."""
    shop.visit("d1")
    change(shop.folder, "placements.yaml", "size: 4", "size: 3")
    [example] = shop.plan().report.placements["home.recs"].examples
    assert (len(example.before.items), len(example.after.items)) == (4, 3)


def test_page_views_are_decided_with_the_lists_and_the_model_of_then(shop):
    """Files published meanwhile are what is compared with; lists that are gone leave their page views out."""
    shop.visit("d1", region="south")
    write(shop.folder, "campaigns/main.yaml", SOUTH)
    published = publish_store(shop.files(), shop.table, shop.objects, NOW, load_store)
    plan = shop.plan()
    assert (plan.before, plan.report.views, plan.report.changed) == (published.release, 1, 0)
    shop.visit("d2", region="south")
    write(shop.folder, "campaigns/main.yaml", QUIET)
    report = shop.plan().report
    assert (report.views, report.changed) == (2, 2)
    assert shop.plan(Wanted(100, release=LISTS)).report.changed == 0
    del shop.table.rows[keys.shelf("south", None, LISTS)]
    shop.visit("d3")
    report = shop.plan().report
    assert (report.views, report.left_out) == (1, 2)


def test_what_was_not_read_then_is_read_now(shop):
    """A campaign that wants another shelf finds it, though no page view on record ever asked for that."""
    shop.visit("d1", visitor="h1")
    text = """\
campaigns:
  ice:
    placements: [home.recs]
    budget: {views: 10, per: day}
    caps: [{views: 1, per: session}]
    products:
      size: 4
      title: {en: Ice, ru: Лёд}
      strategies: [{for: anyone, from: [popular@frozen/ice-cream], order: popular@frozen/ice-cream}]
"""
    write(shop.folder, "campaigns/main.yaml", text)
    [example] = shop.plan().report.placements["home.recs"].examples
    assert (example.after.campaign, example.after.items) == ("ice", ("Item7",))


def test_a_placement_that_a_page_asks_for_may_go(shop):
    """Page views on record name placements; one that the new files lack is shown no more, and is no fault."""
    shop.visit("d1", placements=("home.recs", "home.popup"))
    change(shop.folder, "placements.yaml", "  home.popup:\n    pages: [home]\n    none: true\n", "")
    report = shop.plan().report
    assert report.views == 1
    assert report.placements["home.popup"].won == {HOUSE: (1, 0)}


def test_records_of_other_versions_are_left_out(shop):
    """They are counted, and the others are decided."""
    shop.visit("d1")
    shop.records.append(b'{"format": 1}')
    report = shop.plan().report
    assert (report.views, report.left_out) == (1, 1)


def test_made_up_views_stand_in_where_nothing_is_on_record(shop, tmp_path):
    """Visitors of the lake's extract and a new one, on ten scenes of all page types in each region."""
    lake = write_lake(tmp_path / "lake", [Good("item1")], [Sale(f"h{n}", f"b{n}", 0, "item1") for n in range(1, 5)])
    for path in lake.rglob("*.parquet"):
        shop.lake.put(path.relative_to(lake).as_posix(), path.read_bytes())
    write(shop.folder, "campaigns/main.yaml", SOUTH)
    shop.records.append(b"of another version")
    plan = shop.plan()
    assert (plan.source, plan.report.left_out) == ("made_up", 1)
    assert plan.report.views == 5 * 2 * 10
    banner = plan.report.placements["home.banner"]
    assert (banner.views, banner.changed) == (5 * 2 * 3, 5 * 3)  # on home and cart pages, the latter twice
    assert shop.plan(Wanted(100, n_visitors=2)).report.views == 3 * 2 * 10
    who = {
        example.who for example in shop.plan(Wanted(100, visitors=("h1",))).report.placements["home.banner"].examples
    }
    assert who == {"visitor h1"}


def test_made_up_views_include_visitors_about_to_leave(shop):
    """A campaign for those about to leave their cart is won by them, in each region, and by nobody else."""
    text = """\
campaigns:
  stay:
    placements: [home.banner]
    when: {signals.exit_intent: true}
    content: {text: {en: Stay, ru: Останьтесь}}
"""
    write(shop.folder, "campaigns/main.yaml", text)
    banner = shop.plan(Wanted(100, visitors=("h1",))).report.placements["home.banner"]
    assert banner.won == {"stay": (0, 4), HOUSE: (12, 8)}
    assert {example.page for example in banner.examples} == {"cart"}


def test_other_regions_cannot_be_planned(shop):
    """The lists are for the regions that there are; the message says what it needs."""
    change(shop.folder, "store.yaml", "  - {id: south, name: {en: South, ru: Юг}}\n", "")
    with pytest.raises(RefreshNeeded, match="other lists"):
        shop.plan()


def test_a_plan_needs_a_release(shop):
    """There is nothing to compare with before the first one, or with one that is not there."""
    with pytest.raises(InvalidRelease, match="no manifest"):
        shop.plan(Wanted(100, release="20200101T000000-00000000"))
    del shop.table.rows[keys.RELEASE_POINTER]
    with pytest.raises(RefreshNeeded, match="vitrine refresh"):
        shop.plan()


EVERYWHERE = """\
campaigns:
  everywhere:
    placements: [other.banner]
    content: {text: {en: Hello, ru: Привет}}
"""


def test_made_up_views_are_of_every_page_type(shop):
    """Each at least once per visitor and region; listings are there to be put in order."""
    change(
        shop.folder,
        "placements.yaml",
        "placements:\n",
        "placements:\n  other.banner: {pages: [home, category, product, cart, favourites, search, checkout, order,"
        " other], none: true}\n",
    )
    change(shop.folder, "placements.yaml", "pages: [category]", "pages: [category, search]")
    change(shop.folder, "placements.yaml", "sort: {order: model, position_weight: 1}", "none: true")
    write(shop.folder, "campaigns/main.yaml", EVERYWHERE)
    report = shop.plan(Wanted(100, visitors=("h1",))).report
    assert report.placements["other.banner"].won == {"everywhere": (0, 2 * 2 * 10)}
    assert report.reach["everywhere"].shown == 2 * 2 * 10
    assert report.placements["category.listing"].views == 2 * 2 * 2


def test_what_a_listing_was_put_in_order_of_is_the_shelf(shop):
    """A category page whose listing is no more sorted looks otherwise."""
    change(shop.folder, "placements.yaml", "sort: {order: model, position_weight: 1}", "none: true")
    [example, *_] = shop.plan(Wanted(100, visitors=("h1",))).report.placements["category.listing"].examples
    assert set(example.before.items) == set(ITEMS[:6])


def test_a_plan_says_what_is_different_in_the_files_and_how_far_campaigns_get(shop):
    """Also of a campaign whose condition never held; on record and made up."""
    for n in range(3):
        shop.visit(f"d{n}")
    write(shop.folder, "campaigns/main.yaml", SOUTH)
    plan = shop.plan()
    assert [str(one) for one in plan.changes] == ["campaigns: added southern"]
    assert plan.report.changed == 0
    reach = plan.report.reach["southern"]
    assert (reach.eligible, reach.shown, reach.lost) == (0, 0, {"condition": 3})
    shop.visit("d4", region="south")
    assert shop.plan().report.reach["southern"].shown == 1
    assert shop.plan(Wanted(100, visitors=("h1",))).report.reach["southern"].shown > 0


def test_a_plan_of_the_same_files_reports_no_campaign(shop):
    """Nothing differs, so nothing is told of any."""
    shop.visit("d1")
    plan = shop.plan()
    assert (plan.changes, plan.report.reach) == ([], {})


HOT = """\
campaigns:
  hot:
    placements: [home.banner]
    when: {weather.temperature_c: {$gte: 30}}
    schedule: {from: 2026-12-24, until: 2026-12-31}
    content: {text: {en: Ice, ru: Лёд}}
"""


def test_circumstances_are_supposed_in_made_up_views(shop):
    """Those on record are left alone then; without what is supposed the campaign never speaks of anybody."""
    shop.visit("d1")
    write(shop.folder, "campaigns/main.yaml", HOT)
    warm, later = {"weather.temperature_c": 33}, datetime(2026, 12, 24, 18, tzinfo=UTC)
    shown = []
    for supposed in (Preview(), Preview(attributes=warm), Preview(at=later), Preview(at=later, attributes=warm)):
        plan = shop.plan(Wanted(100, visitors=("h1",), supposed=supposed))
        shown.append(plan.report.reach["hot"].shown)
        assert (plan.source, plan.supposed) == ("made_up", supposed)
    assert shown == [0, 0, 0, 12]
    wanted = Wanted(100, n_visitors=None, supposed=Preview(attributes=warm))
    assert wanted.is_made_up
    assert not Wanted(100).is_made_up
