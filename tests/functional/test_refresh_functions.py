"""The scheduled functions: real events through the handlers, a small lake in, a release and a ranker out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from types import ModuleType

import numpy as np
import orjson
import pytest

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from tests.functional.handlers import CONTEXT, ROOT, load_handler, recorded_event
from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.api.store_changes import campaign_count
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import parse_card
from vitrine.catalog.packed import ItemTable, unpack
from vitrine.cli.train_command import bench_result, comparison_lines, write_ranker
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.features import features
from vitrine.errors import DependencyFailed, InvalidModel, InvalidRelease, InvalidSource, RefreshNeeded
from vitrine.refresh.champion import CURRENT, ModelFiles
from vitrine.refresh.engine import Engine
from vitrine.refresh.examples import Basket, simulate
from vitrine.refresh.history import EngineHistory
from vitrine.refresh.jobs import Workshop, refresh_cards, refresh_recommendations
from vitrine.refresh.lists import Regions
from vitrine.refresh.publish import publish_store
from vitrine.refresh.published import read_manifest, read_pointer
from vitrine.refresh.release import list_releases
from vitrine.refresh.weeks import Plan
from vitrine.types import DAY_MS
from vitrine.wiring.refresh import equip, read_ranker, train_from_folder

N_WEEKS, N_VISITORS, N_ITEMS = 14, 80, 60
REGIONS = Regions(("north", "east", "south", "west"), "north")  # those of the example store
PLAN = Plan(choose_weeks=3, test_weeks=2, test_to=13)


def habits() -> Sequence[Sale]:
    """Visitors who each week buy some of their six favourites, and now and then what everybody buys."""
    rng = np.random.default_rng(7)
    sales = []
    for visitor in range(N_VISITORS):
        favourites = rng.choice(np.arange(5, N_ITEMS), 6, replace=False)
        for week in range(N_WEEKS):
            chosen = {*rng.choice(favourites, 4, replace=False).tolist(), int(rng.integers(0, 5))}
            day = week * 7 + visitor % 7 / 2
            basket = f"{visitor}-{week}"
            sales += [Sale(f"h{visitor}", basket, day, f"i{item}") for item in sorted(chosen)]
    return sales


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake folder of fourteen weeks of habits."""
    goods = [Good(f"i{item}", f"grocery/aisle-{item % 6}/type-{item % 12}") for item in range(N_ITEMS)]
    return write_lake(tmp_path_factory.mktemp("lake"), goods, habits())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example store with a ranker that knows nothing."""
    folder = tmp_path_factory.mktemp("bundle")
    copytree(ROOT / "store", folder / "store")
    ranker = folder / "models" / "ranker"
    ranker.mkdir(parents=True)
    model, manifest = make_ranker_files(*make_network(1))
    (ranker / "model.onnx").write_bytes(model)
    (ranker / "manifest.json").write_bytes(manifest)
    return folder


@pytest.fixture
def workshop(lake: Path, bundle: Path) -> Workshop:
    """Table and buckets in memory, the lake's files in one of them, and a clock three days after the last purchase."""
    objects = MemoryObjects()
    for path in lake.rglob("*.parquet"):
        objects.put(path.relative_to(lake).as_posix(), path.read_bytes())
    ticks = iter(range(1_000))
    start = datetime.fromtimestamp(at_ms(N_WEEKS * 7) / 1000, UTC)
    equipped = equip(bundle, MemoryTable(), objects, MemoryObjects(), lambda: start + timedelta(minutes=next(ticks)))
    return replace(equipped, plan=PLAN)


def invoke(name: str, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the handler answers to its recorded event."""
    module: ModuleType = load_handler(name)
    monkeypatch.setattr(module, "service", lambda: workshop)
    answer: dict[str, object] = module.handler(recorded_event(name), CONTEXT)
    return answer


def test_the_schedule_publishes_a_release_that_serving_loads(workshop, monkeypatch):
    """After one run the pointer names a release whose lists, store, ranker and bestsellers can be read."""
    answer = invoke("refresh_recommendations", workshop, monkeypatch)
    pointer = read_pointer(workshop.table)
    assert pointer is not None
    assert answer["release"] == pointer.release
    manifest = read_manifest(workshop.releases, pointer)
    assert answer["rows"] == manifest.rows > N_VISITORS
    release = ReleaseObjects(workshop.releases).load(pointer)
    assert release.ranker is not None
    assert release.ranker.id == answer["model"]
    best = release.bestsellers["north"]
    assert {item for item, _ in best[:5]} == {f"i{item}" for item in range(5)}
    assert best[0][1].currency == "USD"
    assert answer["cards"] == N_ITEMS
    card = parse_card(workshop.table.rows[keys.card("i7")])
    assert (card.currency, card.is_in_stock(0), card.is_in_stock(1)) == ("USD", True, False)
    row = workshop.table.rows[keys.personal("h1", pointer.release)]
    assert len(unpack(row["table"])) >= 6


def test_cards_stand_before_the_pointer_shows_them(workshop, monkeypatch):
    """Whoever sees the first release finds the card of every item; the next night writes what changed: nothing."""

    class Watched(MemoryTable):
        def replace(self, key, row, expected_rev, timeout_s=None):
            if key == keys.RELEASE_POINTER:
                assert all(keys.card(f"i{item}") in self.rows for item in range(N_ITEMS))
            return MemoryTable.replace(self, key, row, expected_rev)

    watched = replace(workshop, table=Watched())
    assert [invoke("refresh_recommendations", watched, monkeypatch)["cards"] for _ in range(2)] == [N_ITEMS, 0]


def test_the_lists_look_back_from_the_last_purchase(workshop, monkeypatch):
    """Days without data do not age the lists; serving adds the days since."""
    invoke("refresh_recommendations", workshop, monkeypatch)
    pointer = read_pointer(workshop.table)
    manifest = read_manifest(workshop.releases, pointer)
    assert manifest.as_of_ms < manifest.built_at_ms - DAY_MS


def test_the_first_challenger_that_wins_is_carried_by_the_first_release(workshop, monkeypatch):
    """Before there is a release there is nobody to try it on: it need only beat the baselines, and is champion."""
    trained = invoke("refresh_model", workshop, monkeypatch)
    assert trained == {"model": trained["model"], "is_champion": True, "objections": []}
    assert read_pointer(workshop.table) is None
    released = invoke("refresh_recommendations", workshop, monkeypatch)
    assert released["model"] == trained["model"]
    assert ReleaseObjects(workshop.releases).load(read_pointer(workshop.table)).ranker.id == trained["model"]


def test_a_challenger_that_wins_beside_a_release_goes_on_trial(workshop, monkeypatch):
    """It beats the baselines and stands in the pointer's shadow; this release and the next keep the ranker they had."""
    before = invoke("refresh_recommendations", workshop, monkeypatch)
    first = read_pointer(workshop.table)
    trained = invoke("refresh_model", workshop, monkeypatch)
    assert trained == {"model": trained["model"], "is_champion": False, "objections": []}
    assert trained["model"] != before["model"]
    pointer = read_pointer(workshop.table)
    assert (pointer.rollout.model, pointer.rollout.stage) == (trained["model"], "shadow")
    assert pointer == replace(first, rev=2, rollout=pointer.rollout)
    after = invoke("refresh_recommendations", workshop, monkeypatch)
    assert after["model"] == before["model"]
    assert read_pointer(workshop.table).rollout == pointer.rollout
    releases = list_releases(workshop.table, workshop.releases, campaign_count)
    assert [release.model for release in releases] == [before["model"]] * 2
    assert workshop.releases.get(CURRENT) is None


def test_a_challenger_that_wins_nothing_is_not_accepted(workshop, monkeypatch):
    """The same training again gives the same ranker, which does not beat itself: the champion stays."""
    invoke("refresh_model", workshop, monkeypatch)
    named = workshop.releases.get(CURRENT)
    again = invoke("refresh_model", workshop, monkeypatch)
    assert again["is_champion"] is False
    assert "champion" in str(again["objections"])
    assert workshop.releases.get(CURRENT) == named


def test_a_past_too_short_is_an_outcome(workshop, monkeypatch):
    """A young store has no ranker of its own yet; the function says so and does not fail."""
    answer = invoke("refresh_model", replace(workshop, plan=Plan(choose_weeks=8, test_weeks=4)), monkeypatch)
    assert (answer["model"], answer["is_champion"]) == (None, False)
    assert answer["objections"] == ["not enough data yet: 14 whole weeks, 15 are needed"]
    assert workshop.releases.get(CURRENT) is None


def test_the_last_whole_week_comes_before_that_of_the_last_purchase(lake, workshop):
    """The week in which the data ends may go on; fourteen weeks from a Sunday on touch fifteen."""
    with Engine() as engine:
        engine.load_lake(lake)
        assert EngineHistory(engine, REGIONS).last_week() == 14


def test_the_bundled_ranker_is_no_rival(workshop, monkeypatch):
    """However good it is: a bucket without a champion takes the first ranker that beats the baselines."""
    first = invoke("refresh_model", workshop, monkeypatch)
    name = f"models/{first['model']}"
    bundled = ModelFiles(workshop.releases.get(f"{name}/model.onnx"), workshop.releases.get(f"{name}/manifest.json"))
    again = invoke("refresh_model", replace(workshop, releases=MemoryObjects(), bundled=bundled), monkeypatch)
    assert again == {"model": first["model"], "is_champion": True, "objections": []}


def test_a_damaged_champion_is_replaced_by_the_bundled_ranker(workshop, monkeypatch):
    """A flipped byte in the bucket never serves."""
    model = invoke("refresh_model", workshop, monkeypatch)["model"]
    name = f"models/{model}/model.onnx"
    workshop.releases.put(name, workshop.releases.get(name)[:-1] + b"\x00")
    released = invoke("refresh_recommendations", workshop, monkeypatch)
    assert released["model"] == OnnxRanker(workshop.bundled.model, workshop.bundled.manifest).id


@pytest.mark.parametrize("name", ["refresh_recommendations", "refresh_model"])
def test_an_empty_lake_is_an_error_that_the_schedule_sees(name, workshop, monkeypatch):
    """What is missing is named, and nothing is published."""
    with pytest.raises(InvalidSource, match="missing"):
        invoke(name, replace(workshop, lake=MemoryObjects()), monkeypatch)
    assert read_pointer(workshop.table) is None


def test_an_outage_is_an_error_that_the_schedule_sees(workshop, monkeypatch):
    """The handler does not hide a table that is down."""
    down = MemoryTable(outage=DependencyFailed("table", "down"))
    with pytest.raises(DependencyFailed):
        invoke("refresh_recommendations", replace(workshop, table=down), monkeypatch)


def test_cards_of_all_items_are_written(workshop, lake):
    """Every item of the catalogue has a card that serving can parse."""
    assert refresh_cards(workshop, lambda *_: None, lake) == N_ITEMS
    card = parse_card(workshop.table.rows[keys.card("i7")])
    assert (card.currency, card.is_in_stock(0), card.is_in_stock(1)) == ("USD", True, False)


def test_training_beats_the_baselines_and_explains_itself(lake, tmp_path):
    """On habits the ranker beats popularity; the command writes model, manifest and card and says the same figures."""
    store = tmp_path / "store"
    copytree(ROOT / "store", store)
    text = (store / "store.yaml").read_text()
    for old, new in (("choose_weeks: 4", "choose_weeks: 3"), ("test_weeks: 4", "test_weeks: 2"), ("52", "13")):
        text = text.replace(old, new)
    (store / "store.yaml").write_text(text)
    first, second = (train_from_folder(lake, store, lambda *_: None) for _ in range(2))
    assert first.model == second.model
    assert first.manifest == second.manifest
    result = bench_result(first)
    assert result["bench"] == "ranker"
    assert result["ndcg10_gain_vs_popularity"][0] > 0
    write_ranker(first, tmp_path / "ranker")
    files = read_ranker(tmp_path / "ranker")
    assert OnnxRanker(files.model, files.manifest).id == result["model"]
    card = (tmp_path / "ranker" / "card.md").read_text()
    assert f"{result['ndcg10']:.4f}" in card
    assert "simulated" in card
    assert "## Where it is not surely better" in card
    assert any(f"{result['ndcg10']:.4f}" in line for line in comparison_lines(first.manifest.metrics["test"]))
    assert orjson.loads(files.manifest)["training"]["weeks"]["test"] == [[11, 13]]


def test_a_missing_ranker_says_how_to_make_one(tmp_path):
    """A bundle without a ranker is refused with the remedy."""
    with pytest.raises(InvalidModel, match="vitrine train"):
        read_ranker(tmp_path)


def test_training_and_serving_see_the_same_features(workshop, lake, monkeypatch):
    """Rows of a published release, read and merged as a decision does, give bit for bit what training simulates."""
    invoke("refresh_recommendations", workshop, monkeypatch)
    pointer = read_pointer(workshop.table)
    as_of_ms = read_manifest(workshop.releases, pointer).as_of_ms

    def table(key) -> ItemTable:
        return unpack(workshop.table.rows[key]["table"])

    with Engine() as engine:
        engine.load_lake(lake)
        snapshot = EngineHistory(engine, REGIONS).snapshot(as_of_ms)
    at = as_of_ms + 2 * DAY_MS
    view = simulate(
        snapshot, Basket("h3", "north", at, ("i1", "i2", "i9"), ("", "", "")), "home", np.random.default_rng(0)
    )
    personal, shelf = table(keys.personal("h3", pointer.release)), table(keys.shelf("north", None, pointer.release))
    served = merge(Lists(personal=personal, shelf=shelf))
    assert view.candidates.ids == served.ids
    np.testing.assert_array_equal(view.rows, features(served, 2.0))

    seed = Seed("i1", "cart", 1.0, table(keys.related("i1", pointer.release)))
    trained_seed = Seed("i1", "cart", 1.0, snapshot.related("i1"))
    with_seed, trained = (
        features(merge(Lists(personal=personal, shelf=shelf, seeds=[one])), 2.0) for one in (seed, trained_seed)
    )
    np.testing.assert_array_equal(with_seed, trained)


def changed_store(folder: Path, *changes: tuple[str, str]) -> bytes:
    """The example store's files, compiled, with words of store.yaml changed; the folder is made."""
    copytree(ROOT / "store", folder)
    text = (folder / "store.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "store.yaml").write_text(text)
    return compile_store(folder)


def test_published_files_survive_the_nightly_refresh(workshop, monkeypatch, tmp_path):
    """The bundle's files only make the first release; a refresh keeps what was published, and old lists."""
    first = invoke("refresh_recommendations", workshop, monkeypatch)["release"]
    renamed = changed_store(tmp_path / "store", ("name: Complete Journey", "name: Another"))
    shop, objects = workshop, workshop.releases
    published = publish_store(renamed, shop.table, objects, shop.clock(), shop.load_store)
    release = ReleaseObjects(objects).load(published)
    assert (release.id, release.lists, release.store.name) == (published.release, first, "Another")
    assert release.ranker.id == ReleaseObjects(objects).load_release(first).ranker.id
    second = invoke("refresh_recommendations", workshop, monkeypatch)["release"]
    release = ReleaseObjects(objects).load(read_pointer(shop.table))
    assert (release.id, release.lists, release.store.name) == (second, first, "Another")


def test_other_regions_come_with_lists_of_their_own(workshop, monkeypatch, tmp_path):
    """Publishing alone is refused; a refresh with the files makes lists and stock bits for them, and keeps to them."""
    invoke("refresh_recommendations", workshop, monkeypatch)
    quiet, shop = (lambda *_: None), workshop
    swap = (("{id: north,", "{id: tmp,"), ("{id: east,", "{id: north,"), ("{id: tmp,", "{id: east,"))
    turned = changed_store(tmp_path / "store", *swap)
    with pytest.raises(RefreshNeeded, match="--store"):
        publish_store(turned, shop.table, shop.releases, shop.clock(), shop.load_store)
    turned_to = refresh_recommendations(shop, quiet, store=turned)
    assert turned_to.cards == N_ITEMS
    assert parse_card(shop.table.rows[keys.card("i7")]).regions == 0b10
    again = refresh_recommendations(shop, quiet)
    assert again.cards == 0
    regions = ReleaseObjects(shop.releases).load(again.pointer).store.regions
    assert regions == ("east", "north", "south", "west")
    assert again.pointer.release != turned_to.pointer.release == again.pointer.lists
    assert keys.shelf("north", None, again.pointer.lists) in shop.table.rows


def test_files_that_cannot_be_read_give_way_to_the_bundle(workshop, monkeypatch):
    """Serving falls back to the bundle's files, too; the refresh says why it did."""
    invoke("refresh_recommendations", workshop, monkeypatch)
    released = read_pointer(workshop.table).release
    workshop.releases.put(f"{released}/store.json", b"{}")
    published = refresh_recommendations(workshop, lambda *_: None)
    assert "the published store was refused: part 'store.json'" in published.summary
    assert ReleaseObjects(workshop.releases).load(published.pointer).store.name == "Complete Journey"


def test_a_release_is_loaded_by_its_id_for_replays(workshop, monkeypatch):
    """Verified part by part by the manifest beside it; what is not there or was altered is refused."""
    invoke("refresh_recommendations", workshop, monkeypatch)
    pointer, objects = read_pointer(workshop.table), workshop.releases
    loader = ReleaseObjects(objects)
    by_id, by_pointer = loader.load_release(pointer.release), loader.load(pointer)
    assert (by_id.id, by_id.lists, by_id.as_of_ms) == (by_pointer.id, by_pointer.lists, by_pointer.as_of_ms)
    with pytest.raises(InvalidRelease, match="no manifest"):
        loader.load_release("20200101T000000-00000000")
    objects.put("20200101T000000-00000000/manifest.json", objects.get(f"{pointer.release}/manifest.json"))
    with pytest.raises(InvalidRelease, match="is that of"):
        loader.load_release("20200101T000000-00000000")
    objects.put(f"{pointer.release}/bestsellers.json", b"{}")
    with pytest.raises(InvalidRelease, match="sha256"):
        loader.load_release(pointer.release)
