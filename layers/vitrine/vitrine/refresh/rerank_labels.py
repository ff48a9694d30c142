"""Labels of items as sparse weights, so that what a visitor liked can be compared with what is on offer.

Within each field an item is a vector of inverse document frequencies of length 1 (Sparck Jones, Journal of
Documentation 1972; Salton and Buckley 1988), so that a rare label that two items share counts for more than "drama".
All fields together are condensed into a few numbers per item by a truncated singular value decomposition with random
projections (Halko, Martinsson and Tropp, SIAM Review 2011, algorithm 4.4): "fishing" and "old" then say something about
"moldy", which exact labels cannot.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.network import Indices
from vitrine.refresh.rerank_fields import Goods
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

LEAST_ITEMS: Final = 2  # a label of one item compares it with nothing
MOST_SHARE: Final = 0.5  # a label of most items, such as "the", tells them not apart
OVERSAMPLED: Final = 10
POWER_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Labels:
    """Item i has the labels columns[starts[i]:starts[i + 1]] with `weights`, each of one of the `fields`."""

    fields: tuple[str, ...]
    starts: Indices
    columns: Indices
    weights: Doubles
    field_of: Indices
    n_labels: int

    def spread(self, items: Indices) -> tuple[Indices, Indices]:
        """Entries of some items, and for each entry the place of its item among them."""
        sizes = self.starts[items + 1] - self.starts[items]
        firsts = self.starts[items] - (np.cumsum(sizes) - sizes)
        return np.arange(sizes.sum()) + np.repeat(firsts, sizes), np.repeat(np.arange(len(items)), sizes)

    def compare(self, candidates: Indices, seen: Indices, weights: Doubles) -> Doubles:
        """Per candidate and field the weighted sum of similarities to the items seen: [candidates, fields]."""
        given, giver = self.spread(seen)
        profile = np.bincount(self.columns[given], self.weights[given] * weights[giver], self.n_labels)
        taken, taker = self.spread(candidates)
        sums: Doubles = np.bincount(
            taker * len(self.fields) + self.field_of[taken],
            self.weights[taken] * profile[self.columns[taken]],
            len(candidates) * len(self.fields),
        ).astype(np.float64)
        return sums.reshape(len(candidates), len(self.fields))


def weigh(goods: Goods) -> Labels:
    """The labels of all items; a field without a label that two items share is left out."""
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    field_of: list[int] = []
    fields: list[str] = []
    n_labels = 0
    for name, labels in goods.labels.items():
        rarity = _rarity(labels)
        if not rarity:
            continue
        column = {label: n_labels + index for index, label in enumerate(rarity)}
        for item, own in enumerate(labels):
            shared = [label for label in own if label in rarity]
            length = float(np.linalg.norm([rarity[label] for label in shared]))
            rows += [item] * len(shared)
            columns += [column[label] for label in shared]
            weights += [rarity[label] / length for label in shared]
        field_of += [len(fields)] * (len(rows) - len(field_of))
        fields.append(name)
        n_labels += len(rarity)
    order = np.argsort(np.array(rows, np.int64), kind="stable")
    starts = np.searchsorted(np.array(rows, np.int64)[order], np.arange(len(goods) + 1)).astype(np.int64)
    return Labels(
        tuple(fields),
        starts,
        np.array(columns, np.int64)[order],
        np.array(weights, np.float64)[order],
        np.array(field_of, np.int64)[order],
        n_labels,
    )


def _rarity(labels: Sequence[tuple[str, ...]]) -> Mapping[str, float]:
    counts = Counter(label for own in labels for label in own)
    n_items = len(labels)
    is_useful = {label: LEAST_ITEMS <= count <= MOST_SHARE * n_items for label, count in counts.items()}
    return {label: float(np.log(n_items / count)) for label, count in counts.items() if is_useful[label]}


def condense(labels: Labels, n_items: int, size: int) -> Doubles:
    """The first principal directions of the items' labels: [n_items, at most size], each column's mean is 0."""
    size = min(size, labels.n_labels, n_items - 1)
    if size < 1:
        return np.zeros((n_items, 0))
    probe = np.random.default_rng(0).standard_normal((labels.n_labels, size + OVERSAMPLED))
    basis = np.linalg.qr(_times(labels, probe, n_items))[0]
    for _ in range(POWER_STEPS):
        basis = np.linalg.qr(_times(labels, _transposed_times(labels, basis), n_items))[0]
    left, strengths, _ = np.linalg.svd(_transposed_times(labels, basis).T, full_matrices=False)
    condensed: Doubles = (basis @ left[:, :size]) * strengths[:size]
    return condensed


def _rows(labels: Labels, n_items: int) -> Indices:
    return np.repeat(np.arange(n_items), np.diff(labels.starts))


def _times(labels: Labels, dense: Doubles, n_items: int) -> Doubles:
    """The centred label matrix times a dense one, [n_labels, k] -> [n_items, k], without making the label matrix."""
    rows = _rows(labels, n_items)
    columns = [np.bincount(rows, labels.weights * column[labels.columns], n_items) for column in dense.T]
    product = np.stack(columns, 1)
    centred: Doubles = product - product.mean(axis=0)
    return centred


def _transposed_times(labels: Labels, dense: Doubles) -> Doubles:
    """The centred label matrix transposed times a dense one, [n_items, k] -> [n_labels, k]."""
    centred = dense - dense.mean(axis=0)
    rows = _rows(labels, len(dense))
    columns = [np.bincount(labels.columns, labels.weights * column[rows], labels.n_labels) for column in centred.T]
    return np.stack(columns, 1)
