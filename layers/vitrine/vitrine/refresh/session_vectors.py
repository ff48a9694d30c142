"""Vectors of items, by which a row can say how likely a neighbour is that counts know little of.

A visit is the weighted sum of the vectors of its last items, and of one more vector for the very last; what comes next
is the item whose own vector lies in that direction. That is the linear core of the neural session models (GRU4Rec of
Hidasi and Karatzoglou, CIKM 2018, with its sampled softmax and the correction for sampling by popularity; STAMP of Liu
et al., KDD 2018, with its last click), and all of it that a row per item can hold. Each step learns by AdaGrad with one
rate per item (Duchi et al., JMLR 2011): rare items move far, common ones settle.
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vitrine.ports import Progress
from vitrine.refresh.sessions import Floats, Indices, Sessions

WINDOW: Final = 6
FADING: Final = 0.7
"""Weight of an item of the visit against the one looked at after it."""

FIRST_SQUARE: Final = 0.4
"""What AdaGrad's sums begin with: a row's first steps, which go by one or two views, are not at the full rate."""

STAGE: Final = "learn vectors"


@dataclass(frozen=True, slots=True)
class Learning:
    """How vectors are learnt. Half of the weight of what is learnt from is as old as `half_life` spans."""

    size: int = 48
    epochs: int = 4
    views_per_batch: int = 512
    negatives: int = 1024
    rate: float = 0.3
    dropout: float = 0.2
    half_life: float = 8.0
    max_views: int = 1_000_000
    seed: int = 20150911


@dataclass(frozen=True, slots=True)
class Vectors:
    """`ask` is what an item as the last one asks for, `give` what an item offers: float32 [items, size + 1].

    ask[a] @ give[c] estimates the log of how likely c is after a, up to a constant of a.
    """

    ask: Floats
    give: Floats


class _Table:
    """Rows that learn, with their running sums of squared gradients."""

    def __init__(self, n: int, size: int, rng: np.random.Generator) -> None:
        self.rows: Floats = rng.standard_normal((n, size)).astype(np.float32) * np.float32(0.1)
        self._squares: Floats = np.full(n, FIRST_SQUARE, np.float32)

    def learn(self, at: Indices, slopes: Floats, rate: float) -> None:
        """One step against the slopes [k, size] of the rows `at` [k], which may repeat."""
        order = np.argsort(at, kind="stable")
        distinct, first = np.unique(at[order], return_index=True)
        total = np.add.reduceat(slopes[order], first, axis=0)
        self._squares[distinct] += np.square(total).mean(axis=1)
        self.rows[distinct] -= np.float32(rate) * total / np.sqrt(self._squares[distinct])[:, None]


def learn_vectors(sessions: Sessions, learning: Learning, progress: Progress) -> Vectors:
    """Vectors of all items; those that were never looked at have vectors that mean nothing.

    The same arguments give the same vectors, bit for bit, on the same machine.
    """
    rng = np.random.default_rng(learning.seed)
    model = _Model(sessions, learning, rng)
    n_steps = learning.epochs * model.steps_per_epoch
    for step in range(n_steps):
        model.learn(learning.rate * (1.0 - 0.95 * step / n_steps))
        if step % 100 == 0:
            progress(STAGE, step, n_steps)
    progress(STAGE, n_steps, n_steps)
    return model.vectors()


Batch: TypeAlias = tuple[Indices, NDArray[np.bool_], Indices]


class _Model:
    """Three tables of vectors, the visits they learn from, and the random stream of it all."""

    def __init__(self, sessions: Sessions, learning: Learning, rng: np.random.Generator) -> None:
        self._learning, self._rng = learning, rng
        n_items, owners = len(sessions.ids), sessions.owners()
        self._items = sessions.items
        self._places: Indices = np.arange(len(owners)) - sessions.starts[owners]
        self._targets = np.flatnonzero(self._places > 0)
        ages = (len(sessions) - 1 - owners[self._targets]) / sessions.span
        self._drawn_by = _cumulated(0.5 ** (ages / learning.half_life))
        popularity = np.bincount(sessions.items, minlength=n_items) ** 0.75
        self._negatives_by = _cumulated(popularity)
        self._log_chance: Floats = np.log(np.maximum(popularity / popularity.sum(), 1e-9)).astype(np.float32)
        self._visited, self._last, self._given = (_Table(n_items, learning.size, rng) for _ in range(3))
        self._bias = _Table(n_items, 1, rng)
        weights = float((0.5 ** (ages / learning.half_life)).sum())
        n_views = min(weights, learning.max_views)
        self.steps_per_epoch: Final = max(1, round(n_views / learning.views_per_batch))

    def learn(self, rate: float) -> None:
        """One step on views drawn by how lately they were made."""
        learning, rng = self._learning, self._rng
        views, is_there, wanted = self._draw()
        weights = np.float32(FADING) ** np.arange(WINDOW, dtype=np.float32) * is_there
        weights = weights * (rng.random(weights.shape, np.float32) >= learning.dropout)
        kept = (rng.random((len(wanted), learning.size), np.float32) >= learning.dropout) / np.float32(
            1.0 - learning.dropout
        )
        visit = (np.einsum("bw,bwd->bd", weights, self._visited.rows[views]) + self._last.rows[views[:, 0]]) * kept
        negatives = _draw(self._negatives_by, learning.negatives, rng)
        offered = np.concatenate([wanted, negatives])
        error = self._error(visit, offered, wanted)
        toward = (error @ self._given.rows[offered]) * kept
        self._given.learn(offered, error.T @ visit, rate)
        self._bias.learn(offered, error.sum(axis=0)[:, None], rate)
        self._last.learn(views[:, 0], toward, rate)
        used = weights > 0.0
        self._visited.learn(views[used], (weights[:, :, None] * toward[:, None, :])[used], rate)

    def vectors(self) -> Vectors:
        """What has been learnt so far."""
        ones = np.ones((len(self._bias.rows), 1), np.float32)
        ask = np.concatenate([self._visited.rows + self._last.rows, ones], axis=1)
        return Vectors(ask, np.concatenate([self._given.rows, self._bias.rows], axis=1))

    def _draw(self) -> Batch:
        """The items before some views, newest first [b, WINDOW], which of them there are, and what was viewed [b]."""
        targets = self._targets[_draw(self._drawn_by, self._learning.views_per_batch, self._rng)]
        back = np.arange(WINDOW)
        is_there = back < self._places[targets][:, None]
        views = self._items[np.where(is_there, targets[:, None] - 1 - back, 0)]
        return views, is_there, self._items[targets]

    def _error(self, visit: Floats, offered: Indices, wanted: Indices) -> Floats:
        """Softmax over what is offered less what was wanted, float32 [b, b + negatives]; summed over the batch."""
        scores: Floats = visit @ self._given.rows[offered].T
        scores += self._bias.rows[offered, 0] - self._log_chance[offered]
        own = np.arange(len(wanted))
        right = scores[own, own].copy()
        scores[offered == wanted[:, None]] = -np.inf  # the wanted item must not be its own rival
        scores[own, own] = right
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        scores[own, own] -= 1.0
        return scores


def _cumulated(weights: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    total = np.cumsum(weights, dtype=np.float64)
    shares: NDArray[np.float64] = total / total[-1]
    return shares


def _draw(cumulated: NDArray[np.float64], n: int, rng: np.random.Generator) -> Indices:
    """n indices with replacement."""
    drawn: Indices = np.minimum(np.searchsorted(cumulated, rng.random(n), side="right"), len(cumulated) - 1)
    return drawn
