"""The files under store/: what is right compiles, what is wrong is named."""

import shutil
from pathlib import Path

import pytest

from vitrine.api.store_files import load_store
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.errors import InvalidField, InvalidStore

EXAMPLE = Path("store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example store to spoil."""
    return shutil.copytree(EXAMPLE, tmp_path / "store")


def test_the_example_store_compiles_and_loads() -> None:
    """What is published is what decisions read."""
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


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("store.yaml", "currency: USD", "currency: dollars", r"store.yaml: currency"),
        ("store.yaml", "currency: USD", "currency: USD\ncolour: red", r"store.yaml: colour: Extra inputs"),
        ("store.yaml", "default_region: north", "default_region: mars", r"default_region 'mars' is not one of"),
        ("store.yaml", "Private: 0.35", "Private: 1.35", r"margins.Private"),
        ("store.yaml", "choose_weeks: 4", "choose_weeks: 0", r"training.choose_weeks"),
        ("store.yaml", "test_weeks: 4", "test_weeks: 1", r"training.test_weeks"),
        ("store.yaml", "name: Complete", "name: [Complete", r"store.yaml is not YAML"),
        ("placements.yaml", "from: [personal, bought", "from: [horoscope, bought", r"there is no list 'horoscope'"),
        ("placements.yaml", "order: popular}", "order: fame}", r"order is 'fame'"),
        ("placements.yaml", "size: 12", "size: 1200", r"placements.home.recs.size"),
        ("placements.yaml", "pages: [home]", "pages: [attic]", r"placements.home.recs.pages.0"),
        ("placements.yaml", 'ru: "Подобрано для вас"', 'fr: "Pour vous"', r"home.recs.title lacks the locale 'ru'"),
    ],
)
def test_every_fault_is_named_with_its_place(folder: Path, file: str, old: str, new: str, says: str) -> None:
    """A marketer reads which file, where in it, and what is expected."""
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InvalidStore, match=says):
        compile_store(folder)


def test_weeks_need_not_be_named(folder: Path) -> None:
    """The example compares on weeks of 2017; a store without a word on training gets its last eight weeks."""
    named = read_store_file(folder).training
    assert (named.choose_weeks, named.test_weeks, named.test_to_week) == (4, 4, 52)
    path = folder / "store.yaml"
    path.write_text(path.read_text("utf-8").partition("training:")[0], "utf-8")
    training = read_store_file(folder).training
    assert (training.choose_weeks, training.test_weeks, training.test_to_week) == (4, 4, None)


def test_a_missing_file_is_named(folder: Path) -> None:
    """An empty folder is no store."""
    (folder / "store.yaml").unlink()
    with pytest.raises(InvalidStore, match=r"store\.yaml is missing"):
        read_store_file(folder)


def test_bytes_of_another_version_are_refused() -> None:
    """A release written by other code is not half understood."""
    with pytest.raises(InvalidStore, match="format"):
        load_store(compile_store(EXAMPLE).replace(b'"format":1', b'"format":2'))


def test_placements_are_those_of_the_page_or_those_named() -> None:
    """Omitted names mean the whole page; an unknown name is the caller's mistake."""
    store = load_store(compile_store(EXAMPLE))
    assert [p.name for p in store.placements_of("cart", None)] == ["cart.accompanying"]
    assert [p.name for p in store.placements_of("cart", ("home.recs", "home.recs"))] == ["home.recs"]
    with pytest.raises(InvalidField) as refused:
        store.placements_of("cart", ("home.recs", "attic.recs"))
    assert refused.value.field == "placements.1"
