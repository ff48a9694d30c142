"""What the fields of items are, found from their values: numbers, labels, or texts of which the words are labels.

A column that is not negative and leans far to the right (prices, votes, budgets) is taken by its logarithm, for the
difference between 10 and 100 says as much as that between 100 and 1,000.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final, Literal, TypeAlias

import numpy as np
from pydantic import JsonValue

from vitrine.refresh.network import Floats
from vitrine.values import dataclass

WORD: Final = re.compile(r"\w+")
LABEL_WORDS: Final = 2.5
"""A text field of more words on average (a title, a description) is split into words; else (a name) it is one label."""
SKEW: Final = 1.5  # mean to median

Kind: TypeAlias = Literal["number", "text", "labels"]


@dataclass(frozen=True, slots=True)
class Goods:
    """Items as columns: `numbers` float32 [n] with NaN where missing, `labels` the labels of each item, by field."""

    ids: tuple[str, ...]
    numbers: Mapping[str, Floats]
    labels: Mapping[str, Sequence[tuple[str, ...]]]

    def __len__(self) -> int:
        return len(self.ids)


def describe(items: Mapping[str, Mapping[str, JsonValue]]) -> Goods:
    """Items by the fields they have. A field is what most of its values are; the others count as missing."""
    kinds: dict[str, Counter[Kind]] = {}
    for fields in items.values():
        for name, value in fields.items():
            kind = _kind(value)
            if kind is not None:
                kinds.setdefault(name, Counter())[kind] += 1
    numbers: dict[str, Floats] = {}
    labels: dict[str, Sequence[tuple[str, ...]]] = {}
    for name in sorted(kinds):
        kind = kinds[name].most_common(1)[0][0]
        values = [fields.get(name) if _kind(fields.get(name)) == kind else None for fields in items.values()]
        if kind == "number":
            numbers[name] = _tamed(values)
        else:
            labels[name] = _labels(values)
    return Goods(tuple(items), numbers, labels)


def _kind(value: JsonValue) -> Kind | None:
    """None for what we make nothing of: null, NaN, objects, vectors."""
    if isinstance(value, int | float):
        return "number" if isfinite(value) else None
    if isinstance(value, str):
        return "text"
    is_labels = isinstance(value, list) and all(isinstance(label, str) for label in value)
    return "labels" if is_labels else None


def _tamed(values: Sequence[JsonValue]) -> Floats:
    column = np.array([value if isinstance(value, int | float) else np.nan for value in values], np.float64)
    known = column[~np.isnan(column)]
    leans = known.min() >= 0 and known.mean() > SKEW * np.median(known)
    tamed: Floats = (np.log1p(column) if leans else column).astype(np.float32)
    return tamed


def _labels(values: Sequence[JsonValue]) -> list[tuple[str, ...]]:
    """Distinct labels of each item, in the order of the alphabet."""
    texts = [value.lower() for value in values if isinstance(value, str)]
    n_words = sum(len(WORD.findall(text)) for text in texts)
    is_prose = n_words > LABEL_WORDS * max(len(texts), 1)
    return [tuple(sorted(set(_split(value, is_prose)))) for value in values]


def _split(value: JsonValue, is_prose: bool) -> list[str]:
    if isinstance(value, list):
        return [str(label).lower() for label in value]
    if isinstance(value, str):
        return WORD.findall(value.lower()) if is_prose else [value.lower()]
    return []
