"""Categories by name in what `vitrine why` prints."""

from pathlib import Path

import pytest

from tests.unit.store_folders import write_store
from vitrine.adapters.memory import MemoryObjects
from vitrine.api.store_folder import compile_store
from vitrine.catalog.packed import code
from vitrine.cli.why_names import Names, named, names_of


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """Those of a release with the small store."""
    return names_of("r1", MemoryObjects({"r1/store.json": compile_store(write_store(tmp_path / "store"), range(0))}))


def test_categories_that_the_files_name_are_told_by_name(names: Names) -> None:
    """With those above them; of the others their number is told."""
    assert set(names.values()) == {"frozen", "frozen/ice-cream"}
    held = [code("frozen"), code("dairy"), code("frozen/ice-cream")]
    assert named("affinity.categories", held, names) == ["frozen", "frozen/ice-cream", "1 more"]
    assert named("cart.categories", [7, 8], names) == ["2 that no file names"]
    assert named("cart.categories", [], names) == []


def test_other_attributes_stay_as_they_are(names: Names) -> None:
    """A number that happens to be a code is none, and what is unknown stays so."""
    assert named("visitor.visits", code("frozen"), names) == code("frozen")
    assert named("recent.products", ["i1"], names) == ["i1"]
    assert named("recent.categories", None, names) is None


@pytest.mark.parametrize("objects", [{}, {"r1/store.json": b'{"format": 1}'}])
def test_a_release_without_readable_files_names_nothing(objects: dict[str, bytes]) -> None:
    """The story is told all the same."""
    assert names_of("r1", MemoryObjects(objects)) == {}
