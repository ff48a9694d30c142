"""Names of categories for people: explanations hold their codes, of which the store's own files name some."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydantic import ValidationError

from vitrine.api.store_build import CompiledStore
from vitrine.api.store_goods import goods_of
from vitrine.catalog.packed import code
from vitrine.decisions.facts import attributes_of
from vitrine.decisions.release import STORE
from vitrine.ports import Objects

Names: TypeAlias = Mapping[int, str]
"""A category's path by its code."""

ENCODED: Final = frozenset(path for path, attribute in attributes_of({}).items() if attribute.encode is not None)
"""Attributes that hold codes."""


def names_of(release: str, objects: Objects) -> Names:
    """Every category that the release's store files name, and those above it; none where the release has no such files.

    Raises:
        DependencyFailed: the bucket does not answer.
    """
    data = objects.get(f"{release}/{STORE}")
    try:
        parts = None if data is None else CompiledStore.model_validate_json(data)
    except ValidationError:  # files of another version of this code
        parts = None
    named = () if parts is None else (good.name.split("/") for good in goods_of(parts) if good.kind == "category")
    paths = {"/".join(steps[:depth]) for steps in named for depth in range(1, len(steps) + 1)}
    return {code(path): path for path in paths}


def named(path: str, value: Any, names: Names) -> Any:  # noqa: ANN401 - any JSON
    """An attribute's value with names for its codes as far as there are any, and how many others there are."""
    if path not in ENCODED or not isinstance(value, Sequence) or isinstance(value, str):
        return value
    known = [names[each] for each in value if each in names]
    n_others = len(value) - len(known)
    return [*known, *([f"{n_others} {'more' if known else 'that no file names'}"] if n_others else [])]
