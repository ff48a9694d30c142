"""The ranker's network: a small multilayer perceptron trained in numpy with a listwise softmax loss.

The loss is ListNet's top-one cross entropy (Cao et al., "Learning to Rank: From Pairwise Approach to Listwise
Approach", ICML 2007): within one basket, the softmax over the candidates' scores should put its mass on the items that
were bought. It needs no calibration between visitors, which is what ranking within one page view asks for. Adam is
Kingma and Ba, ICLR 2015, with decoupled weight decay (Loshchilov and Hutter, ICLR 2019). numpy suffices: the network
has a few thousand weights, and a deep learning framework would cost a hundred times the size of everything else here.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.ports import Progress
from vitrine.values import dataclass

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

ADAM_MEAN: Final = 0.9
ADAM_SQUARE: Final = 0.999
ADAM_EPSILON: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Groups:
    """Candidates of many page views, one below the other. Group g is the rows starts[g]:starts[g + 1].

    `rows` is float32 [n, d] with NaN where a value is missing, `bought` bool [n], `starts` int64 [groups + 1].
    `stands_for` float32 [n], where candidates were sampled, is the log of how many each of them stands for: it is added
    to the scores while learning, so that the loss is near that over all candidates (Jean et al., ACL 2015, eq. 10).
    """

    rows: Floats
    bought: NDArray[np.bool_]
    starts: Indices
    stands_for: Floats | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of a perceptron with rectified hidden layers; the last layer has no bias, for scores only rank.

    Layer k maps [n, sizes[k]] to [n, sizes[k + 1]]; the last weight is a vector, so the output is [n].
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class Training:
    """How the network is fitted. The defaults were chosen on the choose weeks, never on the test weeks."""

    hidden: tuple[int, ...] = (32, 16)
    epochs: int = 6
    patience: int = 3
    groups_per_batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    seed: int = 20170101


@dataclass(frozen=True, slots=True)
class Scaling:
    """What makes a feature matrix fit for the network: fill missing values, then subtract and divide. All [d]."""

    missing: Floats
    mean: Floats
    deviation: Floats

    def apply(self, rows: Floats) -> Floats:
        """The standardised matrix."""
        scaled: Floats = (np.where(np.isnan(rows), self.missing, rows) - self.mean) / self.deviation
        return scaled


def measure_scaling(rows: Floats) -> Scaling:
    """Mean and deviation of the known values; a missing value becomes the mean, an always missing one becomes 0."""
    known = ~np.isnan(rows)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, rows, 0.0).sum(axis=0, dtype=np.float64) / n
    deviation = np.sqrt(np.square(np.where(known, rows - mean, 0.0)).sum(axis=0) / n)
    deviation[deviation < 1e-6] = 1.0  # a constant feature says nothing; it must not be blown up either
    mean32: Floats = mean.astype(np.float32)
    return Scaling(missing=mean32, mean=mean32, deviation=deviation.astype(np.float32))


def initialise(sizes: Sequence[int], rng: np.random.Generator) -> Network:
    """A network of the given layer widths (He et al., ICCV 2015, eq. 10), the output excluded."""
    pairs = [*pairwise(sizes), (sizes[-1], 1)]
    drawn = [rng.standard_normal((n_in, n_out)) * np.sqrt(2.0 / n_in) for n_in, n_out in pairs]
    weights = [weight.astype(np.float32) for weight in drawn]
    return Network((*weights[:-1], weights[-1][:, 0]), tuple(np.zeros(size, np.float32) for size in sizes[1:]))


def score(network: Network, scaled: Floats) -> Floats:
    """Scores float32 [n] of standardised rows [n, d]."""
    return _activations(network, scaled)[-1]


def _activations(network: Network, scaled: Floats) -> list[Floats]:
    layers = [scaled]
    for weight, bias in zip(network.weights[:-1], network.biases, strict=True):
        layers.append(np.maximum(layers[-1] @ weight + bias, 0.0))
    return [*layers, layers[-1] @ network.weights[-1]]


def softmax(scores: Floats, starts: Indices) -> Floats:
    """Softmax within each group: float32 [n]."""
    sizes = np.diff(starts)
    shifted = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts[:-1]), sizes))
    shares: Floats = shifted / np.repeat(np.add.reduceat(shifted, starts[:-1]), sizes)
    return shares


def target_shares(bought: NDArray[np.bool_], starts: Indices) -> Floats:
    """What the softmax should become: equal shares over a group's bought items. Each group must have one at least."""
    wanted = bought.astype(np.float32)
    shares: Floats = wanted / np.repeat(np.add.reduceat(wanted, starts[:-1]), np.diff(starts))
    return shares


def gradients(
    network: Network,
    scaled: Floats,
    bought: NDArray[np.bool_],
    starts: Indices,
    stands_for: Floats | None = None,
) -> Network:
    """Gradient of the mean loss per group with respect to every weight, in the shape of a network."""
    layers = _activations(network, scaled)
    scores = layers[-1] if stands_for is None else layers[-1] + stands_for
    error = (softmax(scores, starts) - target_shares(bought, starts)) / np.float32(len(starts) - 1)  # [n]
    weights: list[Floats] = [layers[-2].T @ error]
    biases: list[Floats] = []
    back = np.outer(error, network.weights[-1])
    for index in range(len(network.biases) - 1, -1, -1):
        back = back * (layers[index + 1] > 0.0)
        weights.append(layers[index].T @ back)
        biases.append(back.sum(axis=0))
        if index:
            back = back @ network.weights[index].T
    return Network(tuple(reversed(weights)), tuple(reversed(biases)))


def fit(
    groups: Groups, scaling: Scaling, training: Training, judge: Callable[[Network], float], progress: Progress
) -> Network:
    """The network of the epoch that `judge` values most; it stops when `patience` epochs brought nothing better.

    Each group must hold a bought item. The same arguments give the same network, bit for bit, on the same machine.
    """
    rng = np.random.default_rng(training.seed)
    network = initialise((groups.rows.shape[1], *training.hidden), rng)
    best, best_value, waited = network, -np.inf, 0
    optimiser = _Adam(network)
    for epoch in range(training.epochs):
        rate = training.learning_rate * 0.5 * (1.0 + np.cos(np.pi * epoch / training.epochs))
        for rows, starts in _batches(groups, training.groups_per_batch, rng):
            stands_for = None if groups.stands_for is None else groups.stands_for[rows]
            slope = gradients(network, scaling.apply(groups.rows[rows]), groups.bought[rows], starts, stands_for)
            network = optimiser.step(network, slope, rate, training.weight_decay)
        progress("train the ranker", epoch + 1, training.epochs)
        value = judge(network)
        if value > best_value:
            best, best_value, waited = network, value, 0
        else:
            waited += 1
            if waited >= training.patience and epoch + 1 < training.epochs:
                progress("train the ranker", training.epochs, training.epochs)
                break
    return best


def _batches(groups: Groups, size: int, rng: np.random.Generator) -> Iterator[tuple[Indices, Indices]]:
    """Row indices and group starts of each batch, in a fresh random order of the groups."""
    order = rng.permutation(len(groups))
    sizes = np.diff(groups.starts)
    for at in range(0, len(order), size):
        chosen = order[at : at + size]
        starts = np.concatenate([[0], np.cumsum(sizes[chosen])])
        rows = np.arange(starts[-1]) + np.repeat(groups.starts[chosen] - starts[:-1], sizes[chosen])
        yield rows, starts


class _Adam:
    """State of the optimiser: moving means of the gradients and of their squares."""

    def __init__(self, network: Network) -> None:
        self.steps = 0
        self.mean = [np.zeros_like(array) for array in (*network.weights, *network.biases)]
        self.square = [np.zeros_like(array) for array in self.mean]

    def step(self, network: Network, slope: Network, rate: float, decay: float) -> Network:
        """The network after one update."""
        self.steps += 1
        n_weights = len(network.weights)
        correction = np.sqrt(1.0 - ADAM_SQUARE**self.steps) / (1.0 - ADAM_MEAN**self.steps)
        updated: list[Floats] = []
        arrays = (*network.weights, *network.biases)
        for index, (array, gradient) in enumerate(zip(arrays, (*slope.weights, *slope.biases), strict=True)):
            mean, square = self.mean[index], self.square[index]
            mean += (1.0 - ADAM_MEAN) * (gradient - mean)
            square += (1.0 - ADAM_SQUARE) * (gradient * gradient - square)
            kept = array * (1.0 - rate * decay) if index < n_weights else array
            updated.append((kept - rate * correction * mean / (np.sqrt(square) + ADAM_EPSILON)).astype(np.float32))
        return Network(tuple(updated[:n_weights]), tuple(updated[n_weights:]))
