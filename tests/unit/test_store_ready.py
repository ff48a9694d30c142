"""What a compiler leaves ready of a store is what compiling its words gives; other code compiles the words."""

import dataclasses
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from tests.unit.store_folders import write_store
from vitrine.api import store_ready
from vitrine.api.store_build import compile_words
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.api.store_ready import CLASSES, Declarations, dump_ready, load_ready
from vitrine.decisions.placements import Store
from vitrine.errors import InvalidStore
from vitrine.rules.conditions import Condition

EXAMPLE = Path("store")
SMALL = Path("tests/fixtures/store")


def plain(value: Any) -> Any:
    """A value that can be compared: conditions by all that they tell of themselves, arrays by their bytes."""
    if isinstance(value, Condition):
        told = (value.requires, value.bounds, value.elements, sorted(value.paths), value.cost)
        return ("condition", *map(plain, told))
    if isinstance(value, np.ndarray):
        return ("array", value.dtype.str, value.tolist())
    if dataclasses.is_dataclass(value):
        return (type(value).__name__, *(plain(getattr(value, one.name)) for one in dataclasses.fields(value)))
    if isinstance(value, Mapping):
        return ("mapping", *((plain(key), plain(one)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(plain, value))
    if isinstance(value, frozenset):
        return ("set", *sorted(map(repr, value)))
    return value if isinstance(value, str | int | float | bool | None) else repr(type(value))


def without_index(store: Store) -> Store:
    """The index follows from the campaigns; its parts are functions."""
    return dataclasses.replace(store, index=None)


@pytest.mark.parametrize("name", ["example", "small", "written"])
def test_what_is_ready_is_what_the_words_say(name: str, tmp_path: Path) -> None:
    """Every placement, campaign, condition, selector, template, region and shop."""
    data = compile_store({"example": EXAMPLE, "small": SMALL}.get(name) or write_store(tmp_path))
    ready, said = load_store(data), compile_words(data)
    assert plain(without_index(ready)) == plain(without_index(said))
    assert ready.index is not None
    assert [one.name for one in ready.index.campaigns] == [one.name for one in said.campaigns]


def test_conditions_mean_the_same(tmp_path: Path) -> None:
    """Asked the same, audiences and campaigns answer the same."""
    data = compile_store(EXAMPLE, range(0))
    ready, said = load_store(data), compile_words(data)
    for facts in (
        {},
        {"weather.temperature_c": 33, "visitor.new": True},
        {"cart.value": 9_000, "device.kind": "mobile"},
    ):
        for name, condition in said.audiences.items():
            assert ready.audiences[name].matches(facts.get) == condition.matches(facts.get), name
        for ours, theirs in zip(ready.campaigns, said.campaigns, strict=True):
            if theirs.condition is not None and ours.condition is not None:
                assert ours.condition.matches(facts.get) == theirs.condition.matches(facts.get), theirs.name


def test_the_same_store_is_packed_alike() -> None:
    """A digest of what is published does not change from run to run."""
    assert compile_store(SMALL) == compile_store(SMALL)


def test_what_other_code_left_ready_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words decide, as soon as the types of this code are not those that were packed."""
    data = compile_store(SMALL)
    monkeypatch.setattr(store_ready, "FORM", "of another time")
    assert load_ready(b64decode(orjson.loads(data)["ready"])) is None
    assert list(load_store(data).placements) == list(compile_words(data).placements)


def test_words_without_anything_ready_are_compiled() -> None:
    """As releases of earlier code have them."""
    words = {name: value for name, value in orjson.loads(compile_store(SMALL)).items() if name != "ready"}
    assert list(load_store(orjson.dumps(words)).placements) == list(load_store(compile_store(SMALL)).placements)


def test_what_is_ready_is_read_first() -> None:
    """Negative control of the tests above: the words are not looked at where something is ready."""
    told = orjson.loads(compile_store(SMALL))
    assert load_store(orjson.dumps({"format": 2, "ready": told["ready"]})).name == told["store"]["name"]
    with pytest.raises(InvalidStore):
        load_store(orjson.dumps({"format": 2}))


def test_what_this_code_does_not_know_cannot_be_packed() -> None:
    """Something new in a store shows when it is compiled, not when it is missing from an answer."""
    store = dataclasses.replace(load_store(compile_store(SMALL)), name=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="object is no part of a store"):
        dump_ready(store, Declarations({}, [], store.regions), {}, lambda condition: {})


def test_all_classes_are_values_with_fields() -> None:
    """What FORM tells of them is all that there is to pack."""
    assert all(dataclasses.is_dataclass(one) for one in CLASSES)
    assert len({one.__name__ for one in CLASSES}) == len(CLASSES)
