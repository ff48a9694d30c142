"""The files under store/ compile to what decisions use, and nothing of that needs YAML where it is loaded."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.store_folders import change, write_store
from vitrine.api.store_build import compile_words
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import check_store, compile_store, count_parts, read_store_file
from vitrine.catalog.packed import code, item_key
from vitrine.decisions.actions import Fixed
from vitrine.decisions.campaigns import Budget, Cap
from vitrine.decisions.placements import Store
from vitrine.errors import InvalidField, InvalidStore
from vitrine.types import DAY_MS

EXAMPLE = Path("store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small store with every kind of file."""
    return write_store(tmp_path / "store")


@pytest.fixture
def small(folder: Path) -> Store:
    """The same, compiled and loaded."""
    return load_store(compile_store(folder))


def test_the_example_store_compiles_and_loads() -> None:
    """What is published is what decisions read."""
    assert [str(fault) for fault in check_store(EXAMPLE)] == []
    store = load_store(compile_store(EXAMPLE))
    assert store.regions[0] == store.default_region
    assert {page for placement in store.placements.values() for page in placement.pages} >= {
        "home",
        "category",
        "product",
        "cart",
        "favourites",
    }


def test_compiling_is_deterministic() -> None:
    """The same files give the same bytes, so an unchanged store keeps its digest."""
    assert compile_store(EXAMPLE) == compile_store(EXAMPLE)


def test_campaigns_keep_what_the_files_say(small: Store) -> None:
    """Names, order of priority, instants in the store's time zone, caps in milliseconds, budgets by its days."""
    ice, banner = small.campaigns
    assert (ice.name, banner.name) == ("ice-cream", "banner-test")
    assert ice.starts_ms == datetime(2026, 5, 31, 22, tzinfo=UTC).timestamp() * 1000  # midnight in Berlin
    assert ice.ends_ms == datetime(2026, 8, 31, 22, tzinfo=UTC).timestamp() * 1000  # the 31st is part of it
    assert ice.caps == (Cap(2, "session"), Cap(5, "period", 3 * DAY_MS))
    assert ice.budget == Budget(100_000, "day", 10, "Europe/Berlin")
    assert (ice.control, ice.group, ice.experiment, small.holdout.share) == (0.1, "weather", None, 0.05)
    experiment = banner.experiment
    assert (experiment.key, experiment.weights, experiment.coverage) == ("banner-test", (0.5, 0.5), 0.8)
    assert experiment.forced_for == {"v1": 1}
    assert [(arm.name, arm.action.kind) for arm in banner.variations] == [("plain", "content"), ("loud", "overlay")]


def test_audiences_and_when_hold_together(small: Store) -> None:
    """A campaign's condition is all of its audiences and its own."""
    condition = small.campaigns[0].condition
    facts = {"weather.temperature_c": 30, "place.region": "north"}
    assert condition.matches(facts.get)
    assert not condition.matches({**facts, "weather.temperature_c": 20}.get)
    assert not condition.matches({"weather.temperature_c": 30}.get)
    assert condition.paths == {"weather.temperature_c", "place.region"}


def test_selectors_speak_in_codes(small: Store) -> None:
    """Paths by their depth, brands and items by the codes of packed lists; what is not bounded is open."""
    (strategy,) = small.campaigns[0].variations[0].action.row.strategies
    assert strategy.items.categories.tolist() == [code("frozen/ice-cream")]
    assert strategy.items.ranges == {"price": (-float("inf"), 900)}
    assert strategy.items.but.brands.tolist() == [code("National")]
    boost, sponsored, pin = small.rules
    assert (boost.kind, boost.weight, boost.placements) == ("boost", 0.5, {"home.recs"})
    assert sponsored.items.keys.tolist() == [item_key("i1"), item_key("i2")]
    assert sponsored.label == Fixed({"en": "Ad", "ru": "Реклама"})
    assert (pin.pinned, pin.slots) == (("i3",), (0,))


def test_blends_draw_on_what_the_store_declares(folder: Path) -> None:
    """Goods by season, priorities in the order of the stock bits; and nothing where nothing is declared."""
    plain = load_store(compile_store(folder))
    assert (plain.seasons, plain.warehouses) == ({}, ())
    declared = "seasons: {summer: {brand: [Private]}}\nwarehouses: {south: 0.5}\nrules:"
    change(folder, "merchandising.yaml", "rules:", declared)
    change(folder, "placements.yaml", "strategies:", "blend: {season: 1, warehouse: 0.5}\n      strategies:")
    assert check_store(folder) == []
    store = load_store(compile_store(folder))
    assert store.seasons["summer"].brands.tolist() == [code("Private")]  # type: ignore[union-attr]
    assert (list(store.seasons), store.warehouses) == (["summer"], (0.0, 0.5))


def test_templates_get_their_variables(small: Store) -> None:
    """From the attribute where it is known, else the default."""
    title = small.campaigns[0].variations[0].action.row.title
    assert title.render("en", {"weather.temperature_c": 33.0}.get) == "It is 33 degrees"
    assert title.render("ru", {}.get) == "Сейчас 30 градусов"


def test_covers_are_apart_from_the_content(small: Store) -> None:
    """Each cover has its category and its own payload; one is for everybody else."""
    content = small.campaigns[1].variations[0].action.content
    assert content.payload == Fixed({"en": {"text": "Hello"}, "ru": {"text": "Привет"}})
    assert [(cover.category, cover.payload.render("en", {}.get)) for cover in content.covers] == [
        ("frozen", {"image": "ice.svg"}),
        (None, {"image": "any.svg"}),
    ]


def test_personas_cover_everybody(small: Store) -> None:
    """The last one has no condition."""
    assert [(persona.name, persona.condition is None) for persona in small.personas] == [
        ("regular", False),
        ("everybody", True),
    ]


def test_null_in_a_condition_survives_publishing(folder: Path) -> None:
    """A condition on what is unknown is none on what is there."""
    change(folder, "audiences.yaml", "{$gte: 28}", "null")
    condition = load_store(compile_store(folder)).audiences["heat"]
    assert condition.matches({}.get)
    assert not condition.matches({"weather.temperature_c": 3}.get)


def test_only_two_files_are_needed(folder: Path) -> None:
    """A store without campaigns is a recommender."""
    for name in ("audiences.yaml", "personas.yaml", "merchandising.yaml", "campaigns/main.yaml"):
        (folder / name).unlink()
    assert count_parts(folder) == {
        "placements": 4,
        "audiences": 0,
        "personas": 0,
        "campaigns": 0,
        "rules": 0,
        "bundles": 0,
        "messages": 0,
        "shops": 0,
    }


@pytest.mark.parametrize("name", ["fixture", "templates"])
def test_loading_needs_no_yaml_no_calendar_no_models_of_files(name: str, folder: Path, tmp_path: Path) -> None:
    """A cold start does not pay for what only publishing needs; for templates it does, if the store has any."""
    published = tmp_path / "store.json"
    published.write_bytes(compile_store(Path("tests/fixtures/store") if name == "fixture" else folder))
    script = (
        "import sys; from pathlib import Path; from vitrine.api.store_compiled import load_store;"
        f"load_store(Path({str(published)!r}).read_bytes());"
        "print(*sorted({'yaml', 'jinja2', 'holidays', 'pydantic'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ([] if name == "fixture" else ["jinja2"])


def test_weeks_need_not_be_named(tmp_path: Path) -> None:
    """The example compares on weeks of 2017; a store without a word on training gets its last eight weeks."""
    named = read_store_file(EXAMPLE).training
    assert (named.choose_weeks, named.test_weeks, named.test_to_week) == (4, 4, 52)
    training = read_store_file(write_store(tmp_path)).training
    assert (training.choose_weeks, training.test_weeks, training.test_to_week) == (4, 4, None)


def test_bytes_of_another_version_are_refused(folder: Path) -> None:
    """A release written by other code is not half understood."""
    with pytest.raises(InvalidStore, match="format"):
        load_store(compile_store(folder).replace(b'"format":2', b'"format":1'))


def test_damaged_bytes_are_refused(folder: Path) -> None:
    """A name that leads nowhere is met when loading, too."""
    with pytest.raises(InvalidStore, match=r"store\.json: campaigns\.ice-cream\.placements\.0: there is no placement"):
        compile_words(
            compile_store(folder).replace(b'"placements":["home.recs"],"audience"', b'"placements":["x"],"audience"')
        )


def test_placements_are_those_of_the_page_or_those_named() -> None:
    """Omitted names mean the whole page; an unknown name is the caller's mistake."""
    store = load_store(compile_store(EXAMPLE))
    assert "cart.accompanying" in [p.name for p in store.placements_of("cart", None)]
    assert [p.name for p in store.placements_of("cart", ("home.recs", "home.recs"))] == ["home.recs"]
    with pytest.raises(InvalidField) as refused:
        store.placements_of("cart", ("home.recs", "attic.recs"))
    assert refused.value.field == "placements.1"
